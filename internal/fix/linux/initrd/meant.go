package initrd

import (
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
)

// meantModules: the modules come, each in a line of its own.
func meantModules(names []string) edit.Meant {
	return func(was, is *conf.Entry) bool {
		return was == nil && slices.Contains(names, is.Key) && len(is.Words()) == 1
	}
}

// meantDrivers: the drivers that dracut adds, in the file that is for them alone.
func meantDrivers(was, is *conf.Entry) bool {
	return was != nil && is != nil && was.Key == "add_drivers" && is.Key == "add_drivers"
}

// meantMark: the entries of the targets get the option initramfs, and what has to
// stand before it.
func meantMark(targets []string) edit.Meant {
	return func(was, is *conf.Entry) bool {
		if was == nil || is == nil {
			return false
		}
		before, after := was.Words(), is.Words()
		if len(before) < 2 || !slices.Contains(targets, before[0]) {
			return false
		}
		if len(before) < 4 {
			return slices.Equal(after, append(slices.Clone(before), []string{"none", "luks,initramfs"}[len(before)-2:]...))
		}
		rest, marked := strings.CutSuffix(after[min(3, len(after)-1)], ",initramfs")
		return marked && rest == before[3] && slices.Equal(slices.Delete(slices.Clone(before), 3, 4), slices.Delete(after, 3, 4))
	}
}
