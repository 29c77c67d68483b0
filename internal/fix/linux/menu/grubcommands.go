package menu

import (
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// inertCommands neither show nor start anything.
var inertCommands = strings.Fields(`echo insmod rmmod export save_env list_env loadfont background_image
	terminal_input terminal_output terminal serial play sleep gettext true false [ test shift
	setparams password password_pbkdf2 authenticate keymap clear usb acpi loopback cryptomount drivemap parttool
	videoinfo ls cat date hashsum smbios gfxmode load_video savedefault recordfail initrdfail increment decrement
	badram cutmem efitextmode terminfo videotest sendkey fakebios outb rdmsr wrmsr trust distrust
	verify_detached devicetree devicetree16 fdt save_default hdparm net_bootp net_dhcp help lsmod menu_color_normal
	regexp read probe getenv eval_failed zfskey at_keyboard random_seed normal_exit tpm bli`)

// otherStarts are commands by which an entry starts something else than Linux, or
// that end what it does.
var otherStarts = strings.Fields(`chainloader ntldr plan9 xnu_kernel xnu_kernel64 kfreebsd knetbsd
	kopenbsd appleloader fwsetup reboot halt exit boot normal truecrypt pxechainloader`)

// command runs one command.
func (s *grubScript) command(words []string) {
	switch name := words[0]; {
	case name == "set" && len(words) >= 2:
		s.assign(strings.Join(words[1:], " "))
	case len(words) == 1 && grubAssignment(name):
		s.assign(name)
	case name == "unset":
		for _, variable := range words[1:] {
			delete(s.vars, variable)
		}
	case name == "search" || strings.HasPrefix(name, "search."):
		s.search(words)
	case name == "configfile" && len(words) > 1:
		s.include(words[len(words)-1], true)
	case (name == "source" || name == ".") && len(words) > 1:
		s.include(words[len(words)-1], false)
	case name == "blscfg" || name == "bls_import":
		s.loaderEntries()
	case name == "blsuki" || name == "uki":
		s.unifiedImages()
	case isKernelCommand(name):
		s.kernel(words)
	case strings.HasPrefix(name, "initrd"):
		s.initramfs(words[1:])
	case name == "module" || name == "module2":
		s.module(words)
	case s.functions[name] != nil:
		if s.depth < maxIncluded {
			s.depth++
			s.run(s.functions[name])
			s.depth--
		}
	case name == "probe" || name == "regexp" || name == "read" || name == "smbios" || name == "getenv":
		s.setsVariable(words)
	case name == "nativedisk" || name == "insmod" && slices.Contains(words, "ahci"):
		s.nativeDisks(strings.Join(words, " "))
	case name == "multiboot" || name == "multiboot2":
		s.startsNoLinux()
	case name == "return" || name == "break" || name == "continue":
		s.mayReturn = true
		s.startsNoLinux()
	case name == "load_env":
		s.loadEnvironment(words)
	case slices.Contains(inertCommands, name):
	case slices.Contains(otherStarts, name) && s.entry != nil:
		s.startsOther(words)
	case s.endsMenu(name):
	case name == "normal" || name == "boot" || name == "exit":
		s.doubt("it has the command " + name)
	case s.entry == nil || !s.entry.loads:
		s.doubt("it has the command " + name)
	}
}

func grubAssignment(word string) bool {
	name, _, ok := strings.Cut(word, "=")
	return ok && name != "" && !strings.ContainsAny(name, "/$-. ")
}

func isKernelCommand(name string) bool {
	return slices.Contains([]string{"linux", "linux16", "linuxefi", "linux_hotkey"}, name)
}

// assign gives a variable its value. root becomes the file system that it means.
func (s *grubScript) assign(assignment string) {
	name, value, ok := strings.Cut(assignment, "=")
	if !ok {
		return
	}
	value = s.expand(value)
	if strings.Contains(value, vagueValue) {
		value = vagueValue
	}
	if name == "root" && !isToken(value) {
		value = s.rootOf(strings.Trim(value, "()"))
	}
	s.vars[name] = value
}

// rootOf is the file system that GRUB calls name, as locate wants it.
func (s *grubScript) rootOf(name string) string {
	if d, ok := s.finder.grubDevice(name); ok {
		return s.finder.token(d)
	}
	if s.finder.lacks(name) {
		return absentToken + name
	}
	if disk := nativeDisk(name); disk != "" && s.unsure == 0 {
		return nativeToken + disk
	}
	return vagueValue
}

// setsVariable is for commands that give a variable what the machine has.
func (s *grubScript) setsVariable(words []string) {
	for i, w := range words {
		if value, ok := strings.CutPrefix(w, "--set="); ok {
			name := value[strings.LastIndex(value, ":")+1:]
			s.vars[name] = vagueValue
		}
		if (w == "--set" || w == "-s") && i+1 < len(words) {
			s.vars[words[i+1]] = vagueValue
		}
	}
	if words[0] == "read" && len(words) > 1 {
		s.vars[words[1]] = vagueValue
	}
}

// search sets a variable to the file system with that UUID or label.
func (s *grubScript) search(words []string) {
	tag, variable, value := guest.Tag(""), "", ""
	switch words[0] {
	case "search.fs_uuid":
		tag = guest.TagUUID
	case "search.fs_label":
		tag = guest.TagLabel
	}
	dotted := words[0] != "search"
	for i := 1; i < len(words); i++ {
		w := words[i]
		set, isSet := strings.CutPrefix(w, "--set=")
		switch {
		case isSet:
			variable = set
		case w == "--set" || w == "-s":
			variable = "root"
		case w == "--fs-uuid" || w == "-u":
			tag = guest.TagUUID
		case w == "--label" || w == "-l":
			tag = guest.TagLabel
		case w == "--hint" || w == "-h":
			i++
		case strings.HasPrefix(w, "-"):
		case value == "":
			value = s.expand(w)
		case dotted && variable == "":
			variable = w
		}
	}
	if variable == "" {
		if !dotted && !slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, "--set") }) {
			return // only shows what it finds
		}
		variable = "root"
	}
	if tag == "" || value == "" || strings.Contains(value, vagueValue) {
		s.vars[variable] = vagueValue
		return
	}
	d, ok := s.finder.devices.Resolve(string(tag) + "=" + value)
	switch {
	case ok:
		s.vars[variable] = s.finder.token(d)
	case !strings.HasPrefix(s.vars[variable], absentToken) || s.finder.isLocked():
		// It stays as it was where the search finds nothing, and this guest may not
		// have all disks here.
		s.vars[variable] = vagueValue
	}
}

// notLinux are programs that are loaded as a kernel of Linux is.
var notLinux = []string{"memtest", "memdisk", "ipxe", ".lkrn", "netboot.xyz", "tboot", "xen"}

func isNoLinux(name string) bool {
	base := strings.ToLower(name[strings.LastIndex(name, "/")+1:])
	return slices.ContainsFunc(notLinux, func(other string) bool {
		return strings.HasPrefix(base, other) || strings.HasPrefix(other, ".") && strings.HasSuffix(base, other)
	})
}

// kernel is what linux does: the image is the first argument that is no option.
func (s *grubScript) kernel(words []string) {
	at := slices.IndexFunc(words[1:], func(w string) bool { return !strings.HasPrefix(w, "-") }) + 1
	if at == 0 || isNoLinux(words[at]) {
		s.startsNoLinux()
		return
	}
	if s.entry == nil {
		// Outside of an entry it is started by `boot`, or nothing is.
		s.doubt("it starts a kernel without an entry")
		return
	}
	s.load(words[at], words[at+1:])
}

// startsNoLinux notes that an entry may start something else, or end before its end.
func (s *grubScript) startsNoLinux() {
	if s.entry != nil {
		s.entry.other = true
	}
}

func (s *grubScript) load(image string, parameters []string) {
	c := s.entry
	file := s.locate(image)
	native := s.readsNative(image)
	if c.loads && (c.Kernel.State == Found || file.State != Found) {
		return // one of several ways, and no better than another
	}
	c.loads, c.Kernel, c.Initramfs, c.Parameters, c.NativeDisk = true, file, nil, nil, native
	for _, p := range parameters {
		c.Parameters = append(c.Parameters, strings.Fields(s.expandOwn(p))...)
	}
}

func (s *grubScript) initramfs(words []string) {
	if s.entry == nil {
		return
	}
	for _, w := range words {
		name := s.expandOwn(w)
		switch {
		case strings.HasPrefix(w, "-"), strings.HasPrefix(w, "newc:"), isMicrocode(w), strings.TrimSpace(name) == "":
		case slices.ContainsFunc(s.entry.Initramfs, func(f File) bool { return f.Name == w }):
		default:
			file := s.locate(w)
			if s.unsure > 0 && file.State == Missing {
				continue // one of several ways
			}
			s.entry.Initramfs = append(s.entry.Initramfs, file)
		}
	}
}

// module loads, under Xen, first the kernel and then the initramfs.
func (s *grubScript) module(words []string) {
	at := slices.IndexFunc(words[1:], func(w string) bool { return !strings.HasPrefix(w, "-") }) + 1
	switch {
	case at == 0 || s.entry == nil:
	case !s.entry.loads:
		s.load(words[at], words[at+1:])
	default:
		s.initramfs(words[at : at+1])
	}
}
