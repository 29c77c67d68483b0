package initramfs

import (
	"path"
	"slices"
	"strings"
)

// mark learns the generator and awaited devices from the name of an entry.
func (i *Image) mark(name string) {
	base := path.Base(name)
	switch {
	case name == "etc/booster.init.yaml":
		i.Generator = GeneratorBooster
	case name == "conf/initramfs.conf", name == "scripts/functions":
		i.Generator = GeneratorInitramfsTools
	case strings.HasPrefix(name, "usr/lib/dracut/"), strings.HasPrefix(name, "lib/dracut/"):
		i.Generator = GeneratorDracut
		if strings.HasPrefix(base, "hostonly-") {
			i.HostOnly = true
		}
	case i.Generator == GeneratorUnknown && (name == "init_functions" || name == "buildconfig"):
		i.Generator = GeneratorMkinitcpio
	case i.Generator == GeneratorUnknown && (name == "run_all.sh" || name == "mkinitrd.config"):
		i.Generator = GeneratorSUSE
	}
	i.markWait(name)
	if base == "nash" && toolDirectory(path.Dir(name)) && i.Generator == GeneratorUnknown {
		i.Generator = GeneratorNash
	}
	if slices.Contains(hotplugPrograms, base) {
		i.hotplug = true
	}
	if tool, ok := rootTools[base]; ok && toolDirectory(path.Dir(name)) {
		i.tools[tool] = true
	}
}

// hotplugPrograms load the modules for a device that appears.
var hotplugPrograms = []string{"udevd", "systemd-udevd", "systemd-udev", "mdev", "nlplug-findfs", "eudevd"}

// markScript learns which modules a script loads by their names.
func (i *Image) markScript(text string) {
	if i.listed == nil {
		i.listed = map[string]bool{}
	}
	i.hotplug = i.hotplug || strings.Contains(text, "mdev -s")
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 2 || !slices.Contains([]string{"insmod", "modprobe"}, path.Base(words[0])) {
			continue
		}
		for _, word := range words[1:] {
			if !strings.HasPrefix(word, "-") {
				i.listed[ModuleName(word)] = true
				if path.Base(words[0]) == "insmod" {
					break // what follows are the module's parameters
				}
			}
		}
	}
}

// rootTools are programs by what they do: systemd opens encrypted devices with
// one of its own.
var rootTools = map[string]string{
	"cryptsetup": "cryptsetup", "systemd-cryptsetup": "cryptsetup",
	"lvm": "lvm", "mdadm": "mdadm",
}

func toolDirectory(dir string) bool {
	return path.Base(dir) == "bin" || path.Base(dir) == "sbin" || strings.HasSuffix(dir, "lib/systemd")
}

// keptText says which configuration files may name a device or a module.
func keptText(name string) bool {
	dir, base := path.Dir(name), path.Base(name)
	switch dir {
	case "conf", "conf/conf.d", "cryptroot", "etc/cmdline.d", "etc/lvm/devices":
		return true
	case "etc":
		switch base {
		case "crypttab", "fstab", "fstab.sys", "cmdline", "mdadm.conf", "booster.init.yaml":
			return true
		}
	case "etc/systemd/network", "etc/udev/rules.d":
		return strings.Contains(base, "-hyper2kvm-") // names of network cards
	case "etc/mdadm":
		return base == "mdadm.conf"
	case "etc/lvm":
		return base == "lvm.conf" || base == "lvmlocal.conf"
	case ".":
		return base == "config" || base == "buildconfig"
	case "lib/dracut", "usr/lib/dracut":
		return base == "build-parameter.txt"
	}
	return false
}

// inModules says whether a path is a module directory or one above it.
func inModules(name string) bool {
	return strings.HasPrefix(name, "lib/modules") || strings.HasPrefix(name, "usr/lib/modules")
}

// modulesRoot returns "lib/modules/6.1.0" for every path in or at it, and ""
// for others.
func modulesRoot(name string) string {
	for _, prefix := range []string{"lib/modules/", "usr/lib/modules/"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			version, _, _ := strings.Cut(rest, "/")
			return prefix + version
		}
	}
	return ""
}

func versionOf(name string) (string, bool) {
	root := modulesRoot(name)
	return path.Base(root), root != ""
}
