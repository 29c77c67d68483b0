package menu

import (
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// syslinuxMenus reads extlinux.conf and syslinux.cfg.
func (r *reader) syslinuxMenus() ([]Menu, error) {
	groups := [][]string{}
	if r.only(guest.FirmwareBIOS) {
		groups = append(groups,
			[]string{"/boot/extlinux/extlinux.conf", "/boot/extlinux/syslinux.cfg"},
			[]string{"/boot/syslinux/extlinux.conf", "/boot/syslinux/syslinux.cfg"},
			[]string{"/boot/extlinux.conf", "/boot/syslinux.cfg"}, []string{"/extlinux.conf"}, []string{"/syslinux.cfg"})
	}
	if r.only(guest.FirmwareUEFI) {
		directories, err := r.espDirectories()
		if err != nil {
			return nil, err
		}
		for _, directory := range directories {
			groups = append(groups, []string{path.Join(directory, "syslinux.cfg")})
		}
	}
	var menus []Menu
	for _, files := range groups {
		file, text, err := r.firstOf(files...)
		if err != nil {
			return nil, err
		}
		if file != "" {
			menus = append(menus, r.syslinuxMenu(file, text))
		}
	}
	return menus, nil
}

func (r *reader) syslinuxMenu(file, text string) Menu {
	m := Menu{Loader: Syslinux, File: file, Default: -1, Fallback: -1, read: []string{file}}
	s := &syslinuxScript{finder: r.finder, menu: &m, directory: path.Dir(file)}
	s.read(file, text, 0)
	wanted := s.preset
	if wanted != "" && !slices.ContainsFunc(s.labels, func(l syslinuxLabel) bool { return strings.EqualFold(l.name, wanted) }) && m.Unclear == "" {
		m.Unclear = "its default " + wanted + " is no label, but a file" // with parameters of its own
	}
	chosen := -1
	for i, label := range s.labels {
		if wanted != "" && strings.EqualFold(label.name, wanted) || label.preset && (wanted == "" || s.usesMenu) {
			chosen = i
		}
	}
	if chosen < 0 && s.usesMenu && len(s.labels) > 0 {
		chosen = 0
	}
	if chosen >= 0 {
		m.Default, m.DefaultTitle = s.labels[chosen].index, s.labels[chosen].name
		if m.Default < 0 && (s.timedOut == "" || strings.EqualFold(s.timedOut, m.DefaultTitle)) {
			m.Idle = s.idle(s.labels[chosen])
		}
	}
	return m
}

type syslinuxLabel struct {
	name   string
	index  int // in Menu.Entries, or -1
	preset bool
	// program and arguments are what it starts that is no kernel of Linux.
	program, arguments string
	// parameters are those that stand before the kernel.
	parameters []string
}

// syslinuxScript is a configuration as far as it was read.
type syslinuxScript struct {
	finder    *finder
	menu      *Menu
	directory string
	labels    []syslinuxLabel
	preset    string
	timedOut  string // what starts where nobody presses a key, if that is told
	usesMenu  bool
}

func (s *syslinuxScript) read(file, text string, depth int) {
	for line := range strings.Lines(text) {
		key, value := conf.LoaderField(line)
		switch key = strings.ToLower(key); key {
		case "label":
			s.labels = append(s.labels, syslinuxLabel{name: value, index: -1})
		case "default", "ui":
			first, _, _ := strings.Cut(value, " ")
			if strings.HasSuffix(first, ".c32") {
				s.usesMenu = true
			} else if key == "default" {
				s.preset = first
			}
		case "ontimeout":
			s.timedOut, _, _ = strings.Cut(value, " ")
		case "include":
			s.include(value, depth)
		default:
			if len(s.labels) > 0 {
				s.ofLabel(file, key, value)
			}
		}
	}
}

// maxSyslinuxFiles is how many files a configuration may consist of: one that includes
// itself twice would have no end.
const maxSyslinuxFiles = 100

func (s *syslinuxScript) include(name string, depth int) {
	file := s.locate(name)
	text, ok, err := "", false, error(nil)
	if file.State == Found && depth < maxIncluded && len(s.menu.read) < maxSyslinuxFiles {
		text, ok, err = s.finder.edit.Read(file.Path)
	}
	if err != nil || !ok {
		s.menu.Unclear = "it goes on in " + name + ", which was not found"
		return
	}
	s.menu.read = append(s.menu.read, file.Path)
	s.read(file.Path, text, depth+1)
}

// ofLabel takes a line that belongs to the label before it.
func (s *syslinuxScript) ofLabel(file, key, value string) {
	label := &s.labels[len(s.labels)-1]
	switch key {
	case "menu":
		label.preset = label.preset || strings.EqualFold(value, "default")
	case "localboot":
		label.program, label.arguments = "localboot", value
	case "com32":
		label.program = value
	case "kernel", "linux":
		s.kernel(label, file, value)
	case "initrd":
		if label.index < 0 {
			label.parameters = append(label.parameters, "initrd="+value)
		} else {
			s.initramfs(&s.menu.Entries[label.index], value)
		}
	case "append":
		if label.index < 0 {
			label.parameters = append(label.parameters, strings.Fields(value)...)
			if label.program != "localboot" {
				label.arguments = value
			}
		} else {
			s.parameters(&s.menu.Entries[label.index], strings.Fields(value))
		}
	}
}

// kernel makes an entry of a label, unless it starts another program.
func (s *syslinuxScript) kernel(label *syslinuxLabel, file, image string) {
	if isNoLinux(image) || strings.HasSuffix(image, ".c32") || strings.HasSuffix(image, ".0") || strings.HasSuffix(image, ".com") {
		label.program = image
		return
	}
	if label.index >= 0 {
		return
	}
	label.index = len(s.menu.Entries)
	s.menu.Entries = append(s.menu.Entries, Entry{File: file, Title: label.name, Choice: label.name, Kernel: s.locate(image)})
	s.parameters(&s.menu.Entries[label.index], label.parameters)
}

// parameters gives an entry its parameters, and the initramfs that initrd= of them names.
func (s *syslinuxScript) parameters(e *Entry, parameters []string) {
	e.Parameters = parameters
	for _, p := range parameters {
		if names, ok := strings.CutPrefix(p, "initrd="); ok {
			s.initramfs(e, names)
		}
	}
}

func (s *syslinuxScript) initramfs(e *Entry, names string) {
	for name := range strings.SplitSeq(names, ",") {
		e.addInitramfs(s.locate(name))
	}
}

// locate finds a file that is named as seen from the configuration's directory, or
// from the top of its file system.
func (s *syslinuxScript) locate(name string) File {
	root := mountToken + s.finder.mountOf(s.directory)
	seen := name
	if !path.IsAbs(name) {
		seen = strings.TrimPrefix(path.Join(s.directory, name), strings.TrimSuffix(s.finder.mountOf(s.directory), "/"))
	}
	file := s.finder.locate(seen, root)
	if file.State != Found {
		// Where the loader was installed for another directory.
		if at := s.finder.anywhere(name); at != "" {
			file.Path, file.State = at, Found
		}
	}
	file.Name = name
	return file
}
