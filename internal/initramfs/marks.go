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

// hotplugPrograms load the modules for a device that appears. mdev is none: by
// itself it makes the files of devices and no more.
var hotplugPrograms = []string{"udevd", "systemd-udevd", "systemd-udev", "nlplug-findfs", "eudevd"}

// markScript learns which modules a script loads by their names, and whether it
// loads those that devices ask for.
func (i *Image) markScript(text string) {
	if i.listed == nil {
		i.listed = map[string]bool{}
	}
	i.hotplug = i.hotplug || strings.Contains(text, "modalias")
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 2 || !slices.Contains([]string{"insmod", "modprobe"}, path.Base(words[0])) {
			continue
		}
		names, all := words[1:], false
		for len(names) > 0 && strings.HasPrefix(names[0], "-") {
			option := names[0]
			if option == "--remove" || !strings.HasPrefix(option, "--") && strings.Contains(option, "r") {
				names = nil
				break
			}
			all = all || option == "--all" || !strings.HasPrefix(option, "--") && strings.Contains(option, "a")
			names = names[1:]
		}
		if !all && len(names) > 1 {
			names = names[:1] // what follows are the module's parameters
		}
		for _, name := range names {
			i.listed[ModuleName(name)] = true
		}
	}
}

// markMdev learns whether mdev loads the modules that devices ask for.
func (i *Image) markMdev(text string) {
	for line := range strings.Lines(text) {
		if strings.Contains(line, "MODALIAS") && !strings.HasPrefix(strings.TrimSpace(line), "#") {
			i.hotplug = true
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
	case "etc/modprobe.d", "lib/modprobe.d", "usr/lib/modprobe.d":
		return strings.HasSuffix(base, ".conf")
	case "etc":
		switch base {
		case "modprobe.conf", "crypttab", "fstab", "fstab.sys", "cmdline", "mdadm.conf", "booster.init.yaml":
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
