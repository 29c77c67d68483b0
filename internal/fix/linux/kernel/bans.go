package kernel

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/initramfs"
)

// Ban is what keeps a driver from driving anything.
type Ban struct {
	File string // in the guest
	Said string // where in the file, and what stands there
	how  strength
	// modprobe is set where modprobe heeds it, and insmod does not.
	modprobe bool
}

func (b Ban) String() string { return b.File + ": " + b.Said }

// strength is what a ban holds for.
type strength int

const (
	asAlias  strength = iota // not loaded for a device; loaded for another module
	asModule                 // not loaded at all
	anyhow                   // does not start, built into the kernel or not
)

// Bans are the drivers that are forbidden, by the names of their modules.
type Bans map[string]Ban

// add keeps the strongest ban, and of equals the first.
func (b Bans) add(name string, ban Ban) {
	name = initramfs.ModuleName(name)
	if old, ok := b[name]; name != "" && (!ok || old.how < ban.how) {
		b[name] = ban
	}
}

// of is the ban that keeps a driver from working: its own, or that of a module which
// it needs.
func (b Bans) of(name string, builtin bool) (Ban, bool) {
	least := asAlias
	if builtin {
		least = anyhow
	}
	if ban, ok := b[name]; ok && ban.how >= least {
		return ban, true
	}
	for _, needed := range needs[name] {
		if ban, ok := b[needed]; ok && ban.how >= max(least, asModule) {
			return ban, true
		}
	}
	return Ban{}, false
}

// needs are the modules without which virtio's drivers do not load.
var needs = map[string][]string{
	"virtio_pci":  {"virtio", "virtio_ring"},
	"virtio_blk":  {"virtio", "virtio_ring"},
	"virtio_scsi": {"virtio", "virtio_ring", "scsi_mod"},
	"virtio_net":  {"virtio", "virtio_ring"},
	"sd_mod":      {"scsi_mod"},
}

// initcalls are the functions by which drivers start, as initcall_blacklist= names them.
var initcalls = map[string]string{
	"virtio_init": "virtio", "virtio_pci_driver_init": "virtio_pci", "virtio_blk_init": "virtio_blk",
	"virtio_scsi_init": "virtio_scsi", "virtio_net_driver_init": "virtio_net", "init_sd": "sd_mod",
}

// modprobeDirectories are where modprobe reads its configuration. A file hides those
// of its name in later ones: modprobe.d(5).
var modprobeDirectories = []string{"/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d"}

// readModprobe adds what modprobe's configuration in a text forbids.
func (b Bans) readModprobe(file, inside, text string) {
	number := 0
	joined, begins := "", 0
	for line := range strings.Lines(text) {
		number++
		if joined == "" {
			begins = number
		}
		line = strings.TrimRight(line, "\r\n")
		if rest, more := strings.CutSuffix(line, `\`); more {
			joined += rest + " "
			continue
		}
		words := strings.Fields(joined + line)
		joined = ""
		if len(words) < 2 {
			continue
		}
		ban := Ban{File: file, Said: fmt.Sprintf("%sline %d: %s", inside, begins, strings.Join(words, " ")), modprobe: true}
		switch {
		case words[0] == "blacklist", words[0] == "alias" && len(words) > 2 && words[2] == "off":
			b.add(words[1], ban)
		case words[0] == "install" && len(words) > 2 && slices.Contains([]string{"false", "true", ":"}, path.Base(words[2])):
			ban.how = asModule
			b.add(words[1], ban)
		}
	}
}

// readParameters adds what the parameters of a kernel forbid.
func (b Bans) readParameters(entry menu.Entry) {
	for _, p := range entry.Parameters {
		key, value, _ := strings.Cut(p, "=")
		ban := Ban{File: entry.File, Said: entry.Name() + ": " + p, modprobe: true}
		for name := range strings.SplitSeq(strings.Trim(value, `"`), ",") {
			switch key {
			case "modprobe.blacklist", "rd.driver.blacklist", "rdblacklist", "blacklist":
				b.add(name, ban)
			case "module_blacklist":
				ban.how, ban.modprobe = asModule, false
				b.add(name, ban)
			case "initcall_blacklist":
				ban.how, ban.modprobe = anyhow, false
				b.add(initcalls[name], ban)
			}
		}
	}
}

// guestBans are what the guest's own configuration of modprobe forbids.
func guestBans(e *edit.Editor) (Bans, error) {
	bans := Bans{}
	read := map[string]bool{}
	for _, directory := range modprobeDirectories {
		files, err := e.List(directory, "*.conf")
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if read[path.Base(file)] {
				continue
			}
			read[path.Base(file)] = true
			text, _, err := e.Read(file)
			if err != nil {
				return nil, err
			}
			bans.readModprobe(file, "", text)
		}
	}
	text, _, err := e.Read("/etc/modprobe.conf")
	bans.readModprobe("/etc/modprobe.conf", "", text)
	return bans, err
}

// imageBans are what the configuration in an initramfs forbids.
func imageBans(file string, image *initramfs.Image) Bans {
	bans := Bans{}
	for _, name := range image.Texts() {
		if path.Base(path.Dir(name)) == "modprobe.d" || name == "etc/modprobe.conf" {
			text, _ := image.Text(name)
			bans.readModprobe(file, name+" in it, ", text)
		}
	}
	return bans
}

// Forbidden are the bans that a guest's kernels start under.
type Forbidden struct {
	guest  Bans
	menus  []menu.Menu
	edit   *edit.Editor
	kernel []Kernel
}

// FindForbidden reads what forbids drivers in the guest and in its boot menus.
func FindForbidden(e *edit.Editor, kernels []Kernel) (Forbidden, error) {
	bans, err := guestBans(e)
	if err != nil {
		return Forbidden{}, err
	}
	menus, err := menu.Read(e, nil, "")
	return Forbidden{guest: bans, menus: menus, edit: e, kernel: kernels}, err
}

// parameters are the bans of the entry that starts a kernel: the one that is started
// by itself, else the first.
func (f Forbidden) parameters(k int) Bans {
	bans := Bans{}
	for _, byDefault := range []bool{true, false} {
		for _, m := range f.menus {
			for i, entry := range m.Entries {
				if byDefault == (i == m.Default) && indexOf(f.edit, f.kernel, entry) == k {
					bans.readParameters(entry)
					return bans
				}
			}
		}
	}
	return bans
}

// Of gives the drivers of kernel number k what forbids them. file is the guest's path
// of image, which may be nil.
func (f Forbidden) Of(k int, d Drivers, file string, image *initramfs.Image) Drivers {
	d.early, d.late = f.parameters(k), f.parameters(k)
	for name, ban := range f.guest {
		d.late.add(name, ban)
	}
	if image == nil {
		return d
	}
	for name, ban := range imageBans(file, image) {
		d.early.add(name, ban)
	}
	if !image.LoadsByDevice() { // by insmod, which reads no configuration
		for name, ban := range d.early {
			if ban.modprobe {
				delete(d.early, name)
			}
		}
	}
	return d
}

// EarlyBan is what keeps a driver from working before the root file system is there.
func (d Drivers) EarlyBan(name string) (Ban, bool) { return d.early.of(name, d.Builtin[name]) }

// CardBan is what keeps a virtio network card from working.
func (d Drivers) CardBan() (Ban, bool) {
	if ban, ok := d.LateBan("virtio_net"); ok {
		return ban, ok
	}
	return d.LateBan("virtio_pci")
}

// LateBan is what keeps a driver from working once the root file system is there.
func (d Drivers) LateBan(name string) (Ban, bool) { return d.late.of(name, d.Builtin[name]) }
