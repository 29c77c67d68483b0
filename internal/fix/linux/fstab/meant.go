package fstab

import (
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
)

// meantInFstab reports whether a line of fstab was to become another: its device
// and those in its options get other names, it may gain an option, and a folder of
// VMware's becomes a comment.
func meantInFstab(was, is *conf.Entry) bool {
	if was == nil || is == nil {
		return false
	}
	before, after := was.Words(), is.Words()
	if is.Key == "#" {
		commented, ok := strings.CutPrefix(is.Value, strings.TrimSpace(sharedFolderMark))
		return ok && slices.Equal(strings.Fields(commented), before)
	}
	return sameBut(before, after, 0, 3) && renamedField(before[0], after[0]) && (len(before) < 4 || meantOptions(before[3], after[3]))
}

// meantInCrypttab: the second column alone.
func meantInCrypttab(was, is *conf.Entry) bool {
	if was == nil || is == nil {
		return false
	}
	before, after := was.Words(), is.Words()
	return sameBut(before, after, 1) && renamedField(before[1], after[1])
}

// sameBut reports whether two lines have the same fields, some aside.
func sameBut(before, after []string, aside ...int) bool {
	if len(before) != len(after) || len(before) < 2 {
		return false
	}
	for i := range before {
		if before[i] != after[i] && !slices.Contains(aside, i) {
			return false
		}
	}
	return true
}

// renamedField allows btrfsvol:DEVICE/PATH to become the device's name.
func renamedField(before, after string) bool {
	if volume, ok := strings.CutPrefix(before, "btrfsvol:"); ok {
		before, _ = splitVolume(volume)
		return before == after || devname.Renamed("x="+before, "x="+after) || strings.HasPrefix(before, "/dev/")
	}
	return devname.Renamed(before, after)
}

func meantOptions(before, after string) bool {
	if before == after {
		return true
	}
	was, is := strings.Split(before, ","), strings.Split(after, ",")
	if before == "defaults" && strings.HasPrefix(after, "subvol=") {
		return len(is) == 1
	}
	if len(is) < len(was) || len(is) > len(was)+2 {
		return false
	}
	for i, option := range was {
		if !devname.Renamed(option, is[i]) {
			return false
		}
	}
	for _, option := range is[len(was):] {
		if option != "nofail" && !strings.HasPrefix(option, "subvol=") {
			return false
		}
	}
	return true
}
