package bootloader

import (
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
)

// meantIn is what the edits of this package change in a file.
func meantIn(name string) edit.Meant {
	switch {
	case strings.Contains(name, "/mdadm"):
		return meantInMdadm
	case strings.HasPrefix(name, "/etc/lvm/lvm"):
		return meantInLVM
	}
	return meantNames
}

// meantNames: device names of the old machine become others, and grub-mkconfig is
// told to write UUIDs.
func meantNames(was, is *conf.Entry) bool {
	if was == nil || is == nil {
		return false
	}
	if is.Value == "false" && was.Value == "true" && (is.Key == "GRUB_DISABLE_LINUX_UUID" || is.Key == "GRUB_DISABLE_UUID") {
		return true
	}
	return was.Key == is.Key && devname.Renamed(was.Value, is.Value) || devname.Renamed(was.Value, is.Value) && devname.Renamed(was.Key, is.Key)
}

// meantInLVM: filters accept more than they did, and more is searched.
func meantInLVM(was, is *conf.Entry) bool {
	if was == nil || is == nil || was.Key != is.Key {
		return false
	}
	key := was.Key[strings.LastIndexByte(was.Key, '/')+1:]
	if key == "scan" {
		return slices.Equal(is.Words(), append([]string{`"/dev"`}, was.Words()...))
	}
	if key != "filter" && key != "global_filter" {
		return false
	}
	// What it had is there, in its order, among patterns that accept.
	old := was.Words()
	for _, pattern := range is.Words() {
		switch {
		case len(old) > 0 && pattern == old[0]:
			old = old[1:]
		case len(pattern) < 2 || pattern[1] != 'a':
			return false
		}
	}
	return len(old) == 0 || len(old) == 1 && old[0] == ""
}
