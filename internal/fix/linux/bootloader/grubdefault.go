package bootloader

import (
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
)

// editGrubDefault edits /etc/default/grub and its like, from which the guest
// makes its next grub.cfg: device names in kernel parameters, GRUB_DEVICE, and
// the switches that make grub-mkconfig write device names.
func editGrubDefault(text string, s bootScope) (string, []finding) {
	return editShellFile(text, s, func(v conf.ShellValue, value string, c *cmdlineEditor) string {
		switch {
		case strings.HasPrefix(v.Name, "GRUB_CMDLINE_"):
			return c.editCmdline(value)
		case v.Name == "GRUB_DEVICE", v.Name == "GRUB_DEVICE_BOOT":
			// grub-probe is given this one: it takes paths, and no tags.
			return c.stableValue(value, devname.AsPath)
		case v.Name == "GRUB_DISABLE_LINUX_UUID", v.Name == "GRUB_DISABLE_UUID":
			// With a device-mapper root the name that it writes is stable.
			if mapped := s.names.HasRoot && devname.MappedName(s.names.Root) != ""; v.Whole && value == "true" && !mapped {
				return "false"
			}
		}
		return value
	})
}

// editBootloaderSysconfig edits SUSE's /etc/sysconfig/bootloader, whose
// parameters its tools put into new entries.
func editBootloaderSysconfig(text string, s bootScope) (string, []finding) {
	return editShellFile(text, s, func(v conf.ShellValue, value string, c *cmdlineEditor) string {
		if strings.HasSuffix(v.Name, "_APPEND") {
			return c.editCmdline(value)
		}
		return value
	})
}

// editUpdateExtlinux edits Alpine's /etc/update-extlinux.conf.
func editUpdateExtlinux(text string, s bootScope) (string, []finding) {
	return editShellFile(text, s, func(v conf.ShellValue, value string, c *cmdlineEditor) string {
		switch v.Name {
		case "root":
			return c.stableValue(value, devname.AsTag)
		case "default_kernel_opts":
			return c.editCmdline(value)
		}
		return value
	})
}

// editResume edits RESUME= and ROOT= of initramfs-tools.
func editResume(text string, s bootScope) (string, []finding) {
	return editShellFile(text, s, func(v conf.ShellValue, value string, c *cmdlineEditor) string {
		if v.Name == "RESUME" || v.Name == "ROOT" {
			return c.stableValue(value, devname.AsTag)
		}
		return value
	})
}

// editDracutConf edits dracut's configuration: parameters for its images, and
// devices that an image has to reach.
func editDracutConf(text string, s bootScope) (string, []finding) {
	return editShellFile(text, s, func(v conf.ShellValue, value string, c *cmdlineEditor) string {
		switch v.Name {
		case "kernel_cmdline":
			return c.editCmdline(value)
		case "add_device":
			var edits []conf.Edit
			for _, w := range conf.KernelWords(value) {
				if path := c.stableValue(w.Text, devname.AsPath); path != w.Text {
					edits = append(edits, conf.Edit{Start: w.Start, End: w.End, Text: path})
				}
			}
			return conf.ApplyEdits(value, edits)
		}
		return value
	})
}
