package menu

import (
	"path"
	"strconv"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// legacyMenus reads menu.lst or grub.conf of GRUB before version 2, of which one is
// mostly a link to the other.
func (r *reader) legacyMenus() ([]Menu, error) {
	var candidates [][]string
	if r.only(guest.FirmwareBIOS) {
		// GRUB looks for grub.conf or menu.lst, as it was built.
		candidates = append(candidates, []string{"/boot/grub/grub.conf", "/boot/grub/menu.lst"})
	}
	if r.only(guest.FirmwareUEFI) {
		directories, err := r.espDirectories()
		if err != nil {
			return nil, err
		}
		for _, directory := range directories {
			candidates = append(candidates, []string{path.Join(directory, "grub.conf")})
		}
	}
	var menus []Menu
	for _, files := range candidates {
		file, text, err := r.firstOf(files...)
		if err != nil {
			return nil, err
		}
		if file == "" {
			continue
		}
		m, err := r.legacyMenu(file, text)
		if err != nil {
			return nil, err
		}
		m.read = append(m.read, files...)
		menus = append(menus, m)
	}
	return menus, nil
}

// legacyTitle is an entry of the menu; index is that in Menu.Entries, or -1.
type legacyTitle struct {
	deed

	title    string
	index    int
	commands int // those without any are not shown
}

// legacyScript is a menu as far as it was read.
type legacyScript struct {
	finder  *finder
	menu    *Menu
	titles  []legacyTitle
	current int    // in menu.Entries; -1 before the kernel of a title
	root    string // as locate wants it
	// preset is the number of a title, or "saved", and fallback are numbers.
	preset   string
	fallback []string
}

func (r *reader) legacyMenu(file, text string) (Menu, error) {
	m := Menu{Loader: GRUBLegacy, File: file, Default: -1, Fallback: -1}
	s := legacyScript{finder: r.finder, menu: &m, current: -1, preset: "0"}
	for line := range strings.Lines(text) {
		s.line(line)
	}
	s.dropEmpty()
	err := s.choose()
	return m, err
}

// dropEmpty takes back a title that has no command: GRUB does not show it.
func (s *legacyScript) dropEmpty() {
	if n := len(s.titles); n > 0 && s.titles[n-1].commands == 0 {
		s.titles = s.titles[:n-1]
	}
}

func (s *legacyScript) line(line string) {
	words := strings.Fields(strings.Replace(line, "=", " ", 1))
	if len(words) == 0 || strings.HasPrefix(words[0], "#") {
		return
	}
	value := ""
	if len(words) > 1 {
		value = words[1]
	}
	s.does(words)
	switch words[0] {
	case "title":
		s.dropEmpty()
		s.titles = append(s.titles, legacyTitle{title: strings.TrimSpace(strings.TrimPrefix(strings.TrimLeft(line, conf.Blanks), "title")), index: -1})
		s.current, s.root = -1, mountToken+s.finder.mountOf(s.menu.File)
	case "default":
		s.preset = value
	case "fallback":
		s.fallback = words[1:]
	case "root", "rootnoverify":
		s.root = s.finder.legacyDevice(value)
	case "uuid":
		s.root = vagueValue
		if d, ok := s.finder.devices.Resolve("UUID=" + value); ok {
			s.root = s.finder.token(d)
		}
	case "kernel", "module":
		s.kernel(words[0], strings.Fields(line)[1:])
	case "initrd":
		if s.current >= 0 && value != "" {
			s.menu.Entries[s.current].addInitramfs(s.finder.legacyFile(strings.Fields(line)[1], s.root))
		}
	case "configfile":
		if s.menu.Unclear == "" {
			s.menu.Unclear = "it opens another menu, " + value
		}
	}
}

// kernel takes the kernel of a title, or a module, which is the initramfs of the kernel
// before it.
func (s *legacyScript) kernel(command string, words []string) {
	for len(words) > 0 && strings.HasPrefix(words[0], "-") { // --type=, --no-mem-option
		words = words[1:]
	}
	if len(s.titles) == 0 || len(words) == 0 {
		return
	}
	image := s.finder.legacyFile(words[0], s.root)
	switch {
	case s.current >= 0 && command == "module":
		s.menu.Entries[s.current].addInitramfs(image)
	case s.current >= 0 || isNoLinux(words[0]):
	default:
		number := len(s.titles) - 1
		s.current = len(s.menu.Entries)
		s.titles[number].index = s.current
		s.menu.Entries = append(s.menu.Entries, Entry{
			File: s.menu.File, Title: s.titles[number].title, Choice: strconv.Itoa(number), Kernel: image, Parameters: words[1:],
		})
	}
}

// choose finds what is started by itself.
func (s *legacyScript) choose() error {
	if s.preset == "saved" {
		saved, _, err := s.finder.edit.Read(path.Join(path.Dir(s.menu.File), "default"))
		if err != nil {
			return err
		}
		s.preset = "0"
		if fields := strings.Fields(saved); len(fields) > 0 {
			s.preset = fields[0]
		}
	}
	var fallback []int
	for _, number := range s.fallback {
		if at, err := strconv.Atoi(number); err == nil && at >= 0 && at < len(s.titles) {
			fallback = append(fallback, at)
		}
	}
	at, err := strconv.Atoi(s.preset)
	if err != nil || len(s.titles) == 0 {
		return nil //nolint:nilerr // no number: what GRUB does then is not known
	}
	if at < 0 || at >= len(s.titles) { // as GRUB does in main of stage 2
		at = 0
		if len(fallback) > 0 {
			at, fallback = fallback[0], fallback[1:]
		}
	}
	chosen := s.titles[at]
	s.menu.Default, s.menu.DefaultTitle = chosen.index, chosen.title
	if chosen.index < 0 {
		s.menu.Idle = chosen.idle()
	}
	// A fallback follows an error, and no entry that ends without one.
	if len(fallback) > 0 && !stopsMachine(s.menu.Idle) && s.menu.Idle != doesNotRun {
		s.menu.Fallback = s.titles[fallback[0]].index
	}
	return nil
}

func (e *Entry) addInitramfs(f File) {
	if !isMicrocode(f.Name) {
		e.Initramfs = append(e.Initramfs, f)
	}
}

// legacyDevice is the file system that GRUB Legacy calls (hd0,0), whose partitions
// count from 0.
func (f *finder) legacyDevice(name string) string {
	disk, partition, ok := strings.Cut(strings.Trim(name, "()"), ",")
	n, err := strconv.Atoi(partition)
	if !ok || err != nil {
		return vagueValue
	}
	if f.lacks(disk + "," + strconv.Itoa(n+1)) {
		return absentToken + disk + "," + partition
	}
	if disk != "hd0" || f.disks() != 1 {
		return vagueValue
	}
	if d, ok := f.devices.ByPosition(0, n+1); ok {
		return f.token(d)
	}
	return vagueValue
}

func (f *finder) legacyFile(name, root string) File {
	if device, rest, ok := strings.Cut(name, ")"); ok && strings.HasPrefix(device, "(") {
		file := f.locate(rest, f.legacyDevice(device+")"))
		file.Name = name
		return file
	}
	return f.locate(name, root)
}
