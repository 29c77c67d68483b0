package menu

import (
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// grubMenus reads the menus of GRUB 2. A BIOS starts the one whose GRUB is
// installed, below /boot; UEFI one on the EFI system partition, which mostly leads to
// that below /boot.
func (r *reader) grubMenus() ([]Menu, error) {
	below := r.grubBelowBoot()
	vendors, err := r.espDirectories()
	if err != nil {
		return nil, err
	}
	var esp []string
	for _, directory := range vendors {
		if file := path.Join(directory, "grub.cfg"); r.finder.isFile(file) {
			esp = append(esp, file)
		}
	}
	files := below
	switch {
	case r.firmware == guest.FirmwareUEFI && len(esp) > 0:
		files = esp
	case r.firmware == "":
		files = append(slices.Clone(below), esp...)
	}
	var menus []Menu
	for _, file := range files {
		m, err := r.grubMenu(file)
		if err != nil {
			return nil, err
		}
		menus = append(menus, m)
	}
	return slices.DeleteFunc(menus, func(m Menu) bool {
		// What another menu leads to is no menu of its own.
		return slices.ContainsFunc(menus, func(o Menu) bool { return o.File != m.File && o.Reads(m.File) && !m.Reads(o.File) })
	}), nil
}

// grubBelowBoot lists the menus of GRUBs below /boot. Where the modules of one are
// beside its menu, others are left over.
func (r *reader) grubBelowBoot() []string {
	var all, installed []string
	for _, directory := range []string{"/boot/grub2", "/boot/grub"} {
		file := path.Join(directory, "grub.cfg")
		if !r.finder.isFile(file) {
			continue
		}
		all = append(all, file)
		if slices.ContainsFunc([]string{"i386-pc", "x86_64-efi", "i386-efi", "arm64-efi"}, func(platform string) bool {
			return r.edit.Exists(path.Join(directory, platform, "normal.mod"))
		}) {
			installed = append(installed, file)
		}
	}
	if len(installed) > 0 {
		return installed
	}
	return all
}

func (r *reader) grubMenu(file string) (Menu, error) {
	m := Menu{Loader: GRUB, File: file, Default: -1, Fallback: -1, read: []string{file}}
	text, _, err := r.edit.Read(file)
	if err != nil {
		return m, err
	}
	nodes, ok := parseGrubTree(text)
	env, err := r.grubEnvironment()
	if err != nil {
		return m, err
	}
	left := maxEffort
	s := &grubScript{reader: r, finder: r.finder, menu: &m, vars: env, functions: map[string][]grubNode{}, left: &left, file: file}
	if !ok {
		s.doubt("its script could not be understood")
	}
	directory := r.finder.grubName(path.Dir(file))
	s.vars["prefix"], s.vars["config_directory"] = directory, directory
	s.vars["root"] = mountToken + r.finder.mountOf(file)
	switch r.firmware {
	case guest.FirmwareUEFI:
		s.vars["grub_platform"] = "efi"
	case guest.FirmwareBIOS:
		s.vars["grub_platform"] = "pc"
	default:
		s.vars["grub_platform"] = vagueValue
	}
	s.run(nodes)
	m.Unclear = s.unclear
	s.finish(s.tops)
	if !s.spend(0) {
		m.Unclear = tooMuch
		return m, nil
	}
	m.nameChoices(s.tops, "")
	s.choose()
	return m, nil
}

// nameChoices gives the entries the names that a default may have: ids before titles,
// and their number where these are not theirs alone, or would have to be quoted.
func (m *Menu) nameChoices(choices []*grubChoice, before string) {
	first := map[string]int{} // the number of the first one that a name means
	for i, c := range slices.Backward(choices) {
		first[c.ID], first[c.Title] = i, i
	}
	for i, c := range choices {
		name := strconv.Itoa(i)
		for _, own := range []string{c.ID, c.Title} {
			_, err := strconv.Atoi(own)
			if own != "" && err != nil && !strings.ContainsAny(own, ">$\"'\\\n"+vagueValue) && !strings.Contains(own, mountToken) && first[own] == i {
				name = own
				break
			}
		}
		switch {
		case c.submenu:
			m.nameChoices(c.children, before+name+">")
		case c.index >= 0:
			m.Entries[c.index].Choice = before + name
		}
	}
}

// choose finds what is started by itself.
func (s *grubScript) choose() {
	wanted := s.vars["default"]
	if strings.Contains(wanted, vagueValue) {
		return
	}
	s.menu.Wanted = wanted
	found, certain := find(s.tops, wanted)
	if found == nil {
		return
	}
	if certain {
		s.menu.Default, s.menu.DefaultTitle = found.index, found.Title
		if found.index < 0 && found.Unclear == "" {
			s.menu.Idle = found.idle()
		}
		if stopsMachine(s.menu.Idle) {
			return // nothing follows
		}
	}
	fallback := s.vars["fallback"]
	if first, _, _ := strings.Cut(strings.TrimSpace(fallback), " "); first != "" && !strings.Contains(first, vagueValue) {
		if found, _ := find(s.tops, first); found != nil {
			s.menu.Fallback = found.index
		}
	}
}

// grubEnvironment is what GRUB has saved, the entry that it starts among it. On
// a guest that boots by UEFI the file may lie beside its menu.
func (r *reader) grubEnvironment() (map[string]string, error) {
	directories, err := r.espDirectories()
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for _, directory := range append(directories, "/boot/grub", "/boot/grub2") {
		text, _, err := r.edit.Read(path.Join(directory, "grubenv"))
		if err != nil {
			return nil, err
		}
		if env, ok := conf.ParseGrubEnvironment(text); ok {
			maps.Copy(values, env.Values())
		}
	}
	return values, nil
}

// loaderEntries adds, as blscfg does, the entries of the Boot Loader Specification.
func (s *grubScript) loaderEntries() {
	if !s.spend(listEffort) {
		return
	}
	entries, err := s.reader.entriesOfLoader()
	if err != nil {
		s.doubt("its loader entries could not be read: " + err.Error())
		return
	}
	for _, e := range entries {
		for i, p := range e.Parameters {
			e.Parameters[i] = s.expandOwn(p)
		}
		e.Parameters = strings.Fields(strings.Join(e.Parameters, " "))
		s.menu.read = append(s.menu.read, e.File)
		s.tops = append(s.tops, &grubChoice{Entry: e, unsure: s.unsure > 0, loads: true, index: -1})
	}
}

// unifiedImages adds, as blsuki does, the unified kernel images.
func (s *grubScript) unifiedImages() {
	if !s.spend(listEffort) {
		return
	}
	images, err := UnifiedImages(s.reader.edit)
	if err != nil {
		s.doubt("its unified kernel images could not be read: " + err.Error())
		return
	}
	images = slices.DeleteFunc(images, isFallback)
	for _, e := range unifiedEntries(images) {
		s.tops = append(s.tops, &grubChoice{Entry: e, unsure: s.unsure > 0, loads: true, index: -1})
	}
}
