package fix

import "strings"

// editGrubDefault edits /etc/default/grub and its like, from which the guest
// makes its next grub.cfg: device names in kernel parameters, GRUB_DEVICE, and
// the switches that make grub-mkconfig write device names.
func editGrubDefault(text string, s bootScope) (string, []finding) {
	return editShellFile(text, s, func(v shellValue, value string, c *cmdlineEditor) string {
		switch {
		case strings.HasPrefix(v.name, "GRUB_CMDLINE_"):
			return c.editCmdline(value)
		case v.name == "GRUB_DEVICE", v.name == "GRUB_DEVICE_BOOT":
			// grub-probe is given this one: it takes paths, and no tags.
			return c.stableValue(value, asPath)
		case v.name == "GRUB_DISABLE_LINUX_UUID", v.name == "GRUB_DISABLE_UUID":
			// With a device-mapper root the name that it writes is stable.
			if mapped := s.names.hasRoot && mappedName(s.names.root) != ""; v.whole && value == "true" && !mapped {
				return "false"
			}
		}
		return value
	})
}

// editBootloaderSysconfig edits SUSE's /etc/sysconfig/bootloader, whose
// parameters its tools put into new entries.
func editBootloaderSysconfig(text string, s bootScope) (string, []finding) {
	return editShellFile(text, s, func(v shellValue, value string, c *cmdlineEditor) string {
		if strings.HasSuffix(v.name, "_APPEND") {
			return c.editCmdline(value)
		}
		return value
	})
}

// editUpdateExtlinux edits Alpine's /etc/update-extlinux.conf.
func editUpdateExtlinux(text string, s bootScope) (string, []finding) {
	return editShellFile(text, s, func(v shellValue, value string, c *cmdlineEditor) string {
		switch v.name {
		case "root":
			return c.stableValue(value, asTag)
		case "default_kernel_opts":
			return c.editCmdline(value)
		}
		return value
	})
}

// editResume edits RESUME= and ROOT= of initramfs-tools.
func editResume(text string, s bootScope) (string, []finding) {
	return editShellFile(text, s, func(v shellValue, value string, c *cmdlineEditor) string {
		if v.name == "RESUME" || v.name == "ROOT" {
			return c.stableValue(value, asTag)
		}
		return value
	})
}

// editDracutConf edits dracut's configuration: parameters for its images, and
// devices that an image has to reach.
func editDracutConf(text string, s bootScope) (string, []finding) {
	return editShellFile(text, s, func(v shellValue, value string, c *cmdlineEditor) string {
		switch v.name {
		case "kernel_cmdline":
			return c.editCmdline(value)
		case "add_device":
			var edits []edit
			for _, w := range kernelWords(value) {
				if path := c.stableValue(w.text, asPath); path != w.text {
					edits = append(edits, edit{w.start, w.end, path})
				}
			}
			return applyEdits(value, edits)
		}
		return value
	})
}
