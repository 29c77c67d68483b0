package kernel

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/bootfile"
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
	b.readParameterList(entry.Parameters, Ban{File: entry.File, Said: entry.Name() + ": "})
}

// readParameterList is readParameters for parameters that stand at a place.
func (b Bans) readParameterList(parameters []string, place Ban) {
	for _, p := range parameters {
		key, value, _ := strings.Cut(p, "=")
		ban := Ban{File: place.File, Said: place.Said + p, modprobe: true}
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
func guestBans(e *edit.Reader) (Bans, error) {
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
		if path.Dir(name) == "etc/cmdline.d" || name == "etc/cmdline" {
			text, _ := image.Text(name)
			bans.readImageParameters(file, name, text)
		}
	}
	return bans
}

// readImageParameters adds what the parameters that dracut wrote into an initramfs
// forbid.
func (b Bans) readImageParameters(file, name, text string) {
	for _, p := range strings.Fields(text) {
		key, value, _ := strings.Cut(p, "=")
		if key != "rd.driver.blacklist" && key != "rdblacklist" {
			continue
		}
		for driver := range strings.SplitSeq(strings.Trim(value, `"`), ",") {
			b.add(driver, Ban{File: file, Said: name + " in it: " + p, modprobe: true})
		}
	}
}

// Forbidden are the bans that a guest's kernels start under.
type Forbidden struct {
	guest  Bans
	menus  []menu.Menu
	edit   *edit.Reader
	kernel []Kernel
	// later are the bans in what boot menus are made from.
	later Bans
}

// FindForbidden reads what forbids drivers in the guest and in the boot menus of that
// firmware, as for Default.
func FindForbidden(e *edit.Reader, kernels []Kernel, firmware string) (Forbidden, error) {
	bans, err := guestBans(e)
	if err != nil {
		return Forbidden{}, err
	}
	later, err := laterBans(e)
	if err != nil {
		return Forbidden{}, err
	}
	menus, err := menusOf(e, firmware)
	for _, m := range menus {
		for i, entry := range m.Entries {
			if !entry.Unified {
				continue
			}
			cmdline, err := menu.UnifiedCmdline(e, entry.Kernel.Path)
			if err != nil {
				continue // told when it is verified
			}
			m.Entries[i].Parameters = strings.Fields(cmdline)
		}
	}
	return Forbidden{guest: bans, menus: menus, edit: e, kernel: kernels, later: later}, err
}

// OnlyUnified reports whether nothing is known to start the guest but unified kernel
// images, whose drivers are in them and not in any initramfs of /boot.
func (f Forbidden) OnlyUnified() bool { return onlyUnified(f.menus) }

// laterBans are those in the parameters that menus get when they are made anew.
func laterBans(e *edit.Reader) (Bans, error) {
	bans := Bans{}
	for _, f := range bootfile.Where(func(f bootfile.File) bool { return f.CommandLine && !f.AtBoot }) {
		err := e.EachFile(f.Pattern, func(name, text string) error {
			number := 0
			for line := range strings.Lines(text) {
				number++
				if strings.HasPrefix(strings.TrimSpace(line), "#") {
					continue
				}
				words := strings.FieldsFunc(line, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("\"'", r) })
				bans.readParameterList(words, Ban{File: name, Said: fmt.Sprintf("line %d: ", number)})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return bans, nil
}

// chosen are the entries that start a kernel where nobody chooses another: of each menu
// the one that it starts by itself, else the first.
func (f Forbidden) chosen(k int) (entries []menu.Entry) {
	for _, m := range f.menus {
		first := slices.IndexFunc(m.Entries, func(e menu.Entry) bool { return indexOf(f.edit, f.kernel, e) == k })
		if m.Default >= 0 && indexOf(f.edit, f.kernel, m.Entries[m.Default]) == k {
			first = m.Default
		}
		if first >= 0 {
			entries = append(entries, m.Entries[first])
		}
	}
	return entries
}

// parameters are the bans of the entries that start a kernel.
func (f Forbidden) parameters(k int) Bans {
	bans := Bans{}
	for _, entry := range f.chosen(k) {
		bans.readParameters(entry)
	}
	return bans
}

// EntryBan is what keeps the kernel of an entry from the disk that the machine gets.
type EntryBan struct {
	Entry menu.Entry
	Ban   Ban
}

// Others are the bans of virtio disk drivers in entries which somebody has to choose, and
// in unified kernel images of which no more is known. builtin says which drivers a kernel
// has built in, by the number of the kernel.
func (f Forbidden) Others(builtin func(k int) map[string]bool) (found []EntryBan) {
	for _, m := range f.menus {
		for _, entry := range m.Entries {
			var in map[string]bool
			k := indexOf(f.edit, f.kernel, entry)
			switch {
			case k >= 0 && slices.ContainsFunc(f.chosen(k), func(o menu.Entry) bool {
				return o.File == entry.File && o.Title == entry.Title && o.ID == entry.ID && slices.Equal(o.Parameters, entry.Parameters)
			}):
				continue
			case k >= 0:
				in = builtin(k)
			case !entry.Unified:
				continue
			}
			bans := Bans{}
			bans.readParameters(entry)
			for _, driver := range []string{"virtio_pci", "virtio_blk"} {
				if ban, ok := bans.of(driver, in[driver]); ok {
					if !slices.ContainsFunc(found, func(o EntryBan) bool { return o.Ban == ban }) {
						found = append(found, EntryBan{Entry: entry, Ban: ban})
					}
					break
				}
			}
		}
	}
	return found
}

// Later are the bans of virtio drivers in what boot menus are made from, that do not
// forbid kernel number k anything now.
func (f Forbidden) Later(k int, d Drivers) (bans []Ban) {
	now := f.parameters(k)
	for _, driver := range VirtioDrivers {
		ban, ok := f.later.of(driver, d.Builtin[driver])
		if _, already := now.of(driver, d.Builtin[driver]); ok && !already && !slices.Contains(bans, ban) && driver != "virtio_scsi" {
			bans = append(bans, ban)
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
