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
	s := &syslinuxScript{reader: r, menu: &m, directory: path.Dir(file)}
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
}

type syslinuxScript struct {
	reader    *reader
	menu      *Menu
	directory string
	labels    []syslinuxLabel
	preset    string
	timedOut  string // what starts where nobody presses a key, if that is told
	usesMenu  bool
}

func (s *syslinuxScript) read(file, text string, depth int) {
	r, m := s.reader, s.menu
	current := func() *Entry {
		if len(s.labels) == 0 || s.labels[len(s.labels)-1].index < 0 {
			return nil
		}
		return &m.Entries[s.labels[len(s.labels)-1].index]
	}
	var pending []string // parameters that stand before the kernel
	for line := range strings.Lines(text) {
		key, value := conf.LoaderField(line)
		switch strings.ToLower(key) {
		case "label":
			s.labels = append(s.labels, syslinuxLabel{name: value, index: -1})
			pending = nil
		case "default", "ui":
			first, _, _ := strings.Cut(value, " ")
			if strings.HasSuffix(first, ".c32") {
				s.usesMenu = true
			} else if strings.EqualFold(key, "default") {
				s.preset = first
			}
		case "menu":
			if len(s.labels) > 0 && strings.EqualFold(value, "default") {
				s.labels[len(s.labels)-1].preset = true
			}
		case "ontimeout":
			s.timedOut, _, _ = strings.Cut(value, " ")
		case "localboot":
			if len(s.labels) > 0 {
				label := &s.labels[len(s.labels)-1]
				label.program, label.arguments = "localboot", value
			}
		case "com32":
			if len(s.labels) > 0 {
				s.labels[len(s.labels)-1].program = value
			}
		case "kernel", "linux":
			if len(s.labels) == 0 {
				continue
			}
			if isNoLinux(value) || strings.HasSuffix(value, ".c32") || strings.HasSuffix(value, ".0") || strings.HasSuffix(value, ".com") {
				s.labels[len(s.labels)-1].program = value
				continue
			}
			label := &s.labels[len(s.labels)-1]
			if label.index < 0 {
				label.index = len(m.Entries)
				m.Entries = append(m.Entries, Entry{File: file, Title: label.name, Choice: label.name, Kernel: s.locate(value), Parameters: pending})
				s.parameters(current(), pending)
			}
		case "initrd":
			if e := current(); e != nil {
				for name := range strings.SplitSeq(value, ",") {
					e.addInitramfs(s.locate(name))
				}
			} else {
				pending = append(pending, "initrd="+value)
			}
		case "append":
			if e := current(); e != nil {
				e.Parameters = strings.Fields(value)
				s.parameters(e, e.Parameters)
			} else {
				pending = append(pending, strings.Fields(value)...)
				if len(s.labels) > 0 && s.labels[len(s.labels)-1].program != "localboot" {
					s.labels[len(s.labels)-1].arguments = value
				}
			}
		case "include":
			included := s.locate(value)
			inner, ok, err := "", false, error(nil)
			if included.State == Found && depth < maxIncluded {
				inner, ok, err = r.edit.Read(included.Path)
			}
			if err != nil || !ok {
				m.Unclear = "it goes on in " + value + ", which was not found"
				continue
			}
			m.read = append(m.read, included.Path)
			s.read(included.Path, inner, depth+1)
		}
	}
}

// parameters takes the initramfs from initrd= of the parameters.
func (s *syslinuxScript) parameters(e *Entry, parameters []string) {
	for _, p := range parameters {
		if names, ok := strings.CutPrefix(p, "initrd="); ok {
			for name := range strings.SplitSeq(names, ",") {
				e.addInitramfs(s.locate(name))
			}
		}
	}
}

// locate finds a file that is named as seen from the configuration's directory, or
// from the top of its file system.
func (s *syslinuxScript) locate(name string) File {
	r := s.reader
	root := mountToken + r.mountOf(s.directory)
	seen := name
	if !path.IsAbs(name) {
		seen = strings.TrimPrefix(path.Join(s.directory, name), strings.TrimSuffix(r.mountOf(s.directory), "/"))
	}
	file := r.locate(seen, root)
	if file.State != Found {
		// Where the loader was installed for another directory.
		if at := r.anywhere(name); at != "" {
			file.Path, file.State = at, Found
		}
	}
	file.Name = name
	return file
}
