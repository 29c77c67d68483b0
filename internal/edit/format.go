package edit

import (
	"path"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/bootfile"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// format is a kind of structured file.
type format struct {
	name    string // as it follows "it would be no valid"
	entries conf.Entries
	// closed is set where nothing can be told of a text that the reader rejects.
	closed bool
}

var (
	yamlFormat    = format{"YAML", conf.YAMLEntries, true}
	jsonFormat    = format{"JSON", conf.JSONEntries, true}
	iniFormat     = format{"file of sections and keys", conf.INIEntries, false}
	shellFormat   = format{"shell file", conf.ShellEntries, false}
	tableFormat   = format{"table", conf.TableEntries, false}
	grubFormat    = format{"GRUB script", conf.GrubEntries, false}
	grubenvFormat = format{"GRUB environment", conf.GrubEnvironmentEntries, false}
	mdadmFormat   = format{"mdadm.conf", conf.MdadmEntries, false}
	lvmFormat     = format{"LVM configuration", conf.LVMEntries, false}
	udevFormat    = format{"file of udev rules", conf.UdevEntries, false}
	lineFormat    = format{"list", conf.LineEntries, false}
	hostsFormat   = format{"hosts file", conf.HostsEntries, false}
)

// bootFormats are the formats of the files that boot loaders read, and of those that
// their menus are made from.
var bootFormats = map[bootfile.Format]format{
	bootfile.GrubScript:      grubFormat,
	bootfile.GrubEnvironment: grubenvFormat,
	bootfile.GrubDefaults:    shellFormat,
	bootfile.PerlBootloader:  shellFormat,
	bootfile.UpdateExtlinux:  shellFormat,
	bootfile.GrubCustom:      lineFormat, // a script whose end is GRUB's
	bootfile.GrubLegacy:      lineFormat,
	bootfile.LoaderEntry:     lineFormat,
	bootfile.LoaderConf:      lineFormat,
	bootfile.Syslinux:        lineFormat,
	bootfile.RefindLinux:     lineFormat,
	bootfile.Refind:          lineFormat,
	bootfile.Limine:          lineFormat,
	bootfile.Elilo:           lineFormat,
	bootfile.Lilo:            lineFormat,
	bootfile.Cmdline:         lineFormat,
}

// accountFormat is that of account files with so many fields in a line.
func accountFormat(width int) format {
	return format{"account file", conf.ColonEntries(width), false}
}

// formats are the other kinds of files by their paths: the first pattern that fits
// counts. What is a script, and what is nobody's configuration, has none.
var formats = []struct {
	format   format
	patterns []string
}{
	{tableFormat, []string{"/etc/fstab", "/etc/crypttab", "/etc/crypttab.initramfs"}},
	{yamlFormat, []string{"/etc/netplan/*.yaml", "/lib/netplan/*.yaml", "/usr/lib/netplan/*.yaml", "/etc/cloud/cloud.cfg", "/etc/cloud/cloud.cfg.d/*.cfg"}},
	{iniFormat, []string{
		"/etc/systemd/network/*", "/etc/systemd/network/*.d/*.conf", "/etc/NetworkManager/system-connections/*", "/etc/NetworkManager/NetworkManager.conf", "/etc/NetworkManager/conf.d/*.conf",
		"/etc/systemd/system/*.mount", "/etc/systemd/system/*.swap", "/etc/systemd/system/*.automount", "/etc/systemd/system/*.service", "/etc/systemd/system/*.d/*.conf",
	}},
	{udevFormat, []string{"/etc/udev/rules.d/*.rules"}},
	{shellFormat, []string{
		"/etc/sysconfig/network-scripts/ifcfg-*", "/etc/sysconfig/network/ifcfg-*", "/etc/sysconfig/network", "/etc/conf.d/hostname",
		"/etc/initramfs-tools/initramfs.conf", "/etc/initramfs-tools/conf.d/*", "/etc/dracut.conf", "/etc/dracut.conf.d/*.conf", "/etc/mkinitcpio.conf",
	}},
	{mdadmFormat, []string{"/etc/mdadm.conf", "/etc/mdadm/mdadm.conf", "/etc/mdadm.conf.d/*.conf", "/etc/mdadm/mdadm.conf.d/*.conf"}},
	{lvmFormat, []string{"/etc/lvm/lvm.conf", "/etc/lvm/lvmlocal.conf", "/etc/lvm/lvm_*.conf"}},
	{accountFormat(7), []string{"/etc/passwd"}},
	{accountFormat(9), []string{"/etc/shadow"}},
	{accountFormat(4), []string{"/etc/group", "/etc/gshadow"}},
	{accountFormat(3), []string{"/etc/subuid", "/etc/subgid"}},
	{hostsFormat, []string{"/etc/hosts"}},
	{jsonFormat, []string{"/etc/*.json", "/etc/*/*.json"}},
	{lineFormat, []string{
		"/boot/extlinux/*", "/boot/syslinux/*", // what menus include
		"/etc/initramfs-tools/modules", "/etc/modules", "/etc/modules-load.d/*.conf", "/etc/modprobe.d/*.conf",
		"/etc/network/interfaces", "/etc/network/interfaces.d/*", "/boot/grub/device.map", "/boot/grub2/device.map", "/var/cache/debconf/config.dat",
		"/.ssh/authorized_keys", "/*/.ssh/authorized_keys", "/*/*/.ssh/authorized_keys", "/*/*/*/.ssh/authorized_keys", "/*/*/*/*/.ssh/authorized_keys",
	}},
}

// formatOf returns the format of the file at a guest's path; ok is false where it
// has none that is known.
func formatOf(name string) (f format, ok bool) {
	if file, found := bootfile.Of(name); found {
		f, ok = bootFormats[file.Format]
		return f, ok
	}
	for _, known := range formats {
		for _, pattern := range known.patterns {
			if fits, _ := path.Match(pattern, name); fits {
				return known.format, true
			}
		}
	}
	return f, false
}
