package menu

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/bootfile"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// otherMenus reads the menus of loaders whose files are searched for kernels and no
// more: what they do not find is not certain to be missing.
func (r *reader) otherMenus() ([]Menu, error) {
	var menus []Menu
	add := func(m Menu) {
		m.Default, m.Fallback = -1, -1
		m.read = append(m.read, m.File)
		for i := range m.Entries {
			e := &m.Entries[i]
			e.File = m.File
			e.Kernel.uncertain()
			for j := range e.Initramfs {
				e.Initramfs[j].uncertain()
			}
		}
		menus = append(menus, m)
	}
	for _, known := range []struct {
		loader  Loader
		formats []bootfile.Format
		read    func(file, text string) []Entry
	}{
		{LILO, []bootfile.Format{bootfile.Lilo}, r.liloEntries},
		{ELILO, []bootfile.Format{bootfile.Elilo}, r.liloEntries},
		{REFInd, []bootfile.Format{bootfile.Refind, bootfile.RefindLinux}, r.refindEntries},
		{Limine, []bootfile.Format{bootfile.Limine}, r.limineEntries},
	} {
		if known.loader == LILO && !r.only(guest.FirmwareBIOS) {
			continue
		}
		for _, at := range bootfile.Where(func(f bootfile.File) bool { return f.StartsKernels && slices.Contains(known.formats, f.Format) }) {
			err := r.edit.EachFile(at.Pattern, func(file, text string) error {
				if entries := known.read(file, text); len(entries) > 0 {
					m := Menu{Loader: known.loader, File: file, Entries: entries}
					if known.loader == LILO || known.loader == ELILO {
						m.DefaultTitle = liloOther(text)
					}
					add(m)
				}
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return menus, nil
}

func (f *File) uncertain() {
	if f.State == Missing {
		f.State = Unknown
	}
}

var liloLine = regexp.MustCompile(`^[ \t]*([A-Za-z-]+)[ \t]*(?:=[ \t]*(.*?))?[ \t]*$`)

// liloEntries reads lilo.conf and elilo.conf: the settings before the first image
// are those of every image.
func (r *reader) liloEntries(file, text string) []Entry {
	var entries []Entry
	var common []string
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(strings.TrimRight(line, "\r\n"), "#")
		m := liloLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		key, value := strings.ToLower(m[1]), strings.Trim(m[2], `"`)
		switch key {
		case "image":
			at := r.finder.locateBeside(file, value)
			entries = append(entries, Entry{Kernel: at, Parameters: slices.Clone(common)})
			continue
		case "other":
			entries = append(entries, Entry{Unclear: "it starts another system"})
			continue
		}
		if len(entries) == 0 {
			common = append(common, liloParameters(key, value)...)
			continue
		}
		e := &entries[len(entries)-1]
		switch key {
		case "label":
			e.Title = value
		case "initrd":
			e.addInitramfs(r.finder.locateBeside(file, value))
		default:
			e.Parameters = append(e.Parameters, liloParameters(key, value)...)
		}
	}
	return slices.DeleteFunc(entries, func(e Entry) bool { return e.Unclear != "" })
}

// liloOther is the label of what lilo.conf or elilo.conf starts by itself, where that
// is another system; or nothing.
func liloOther(text string) string {
	type section struct {
		label string
		other bool
	}
	var sections []section
	preset := ""
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(strings.TrimRight(line, "\r\n"), "#")
		m := liloLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		key, value := strings.ToLower(m[1]), strings.Trim(m[2], `"`)
		switch {
		case key == "image" || key == "other":
			sections = append(sections, section{label: path.Base(value), other: key == "other"})
		case key == "label" && len(sections) > 0:
			sections[len(sections)-1].label = value
		case key == "default" && len(sections) == 0:
			preset = value
		}
	}
	for _, s := range sections {
		if preset == "" || strings.EqualFold(s.label, preset) {
			if s.other {
				return s.label
			}
			return ""
		}
	}
	return ""
}

func liloParameters(key, value string) []string {
	switch key {
	case "root":
		return []string{"root=" + value}
	case "append", "addappend":
		return strings.Fields(value)
	}
	return nil
}

// locateBeside finds a file as seen from the guest's root, or beside the file that names
// it.
func (f *finder) locateBeside(file, name string) File {
	found := File{Name: name}
	for _, at := range []string{name, path.Join(path.Dir(file), name)} {
		if path.IsAbs(at) && f.isFile(at) {
			found.Path, found.State = at, Found
			return found
		}
	}
	if at := f.anywhere(name); at != "" {
		found.Path, found.State = at, Found
	} else {
		found.State = Missing
	}
	return found
}

var (
	refindLine  = regexp.MustCompile(`(?m)^[ \t]*"([^"\n]*)"[ \t]+"((?:[^"\n]|"")*)"`)
	refindField = regexp.MustCompile(`(?m)^[ \t]*(menuentry|loader|initrd|options)[ \t]+"?([^"{\n]*)"?`)
)

// refindEntries reads refind_linux.conf, whose lines are ways to start each of the
// kernels beside it, and the stanzas of refind.conf.
func (r *reader) refindEntries(file, text string) []Entry {
	var entries []Entry
	if path.Base(file) == "refind_linux.conf" {
		for _, m := range refindLine.FindAllStringSubmatch(text, -1) {
			e := Entry{Title: m[1], Parameters: strings.Fields(m[2])}
			if e.Kernel, e.Initramfs = r.kernelIn(path.Dir(file)); e.Kernel.State != Found {
				e.Unclear = "rEFInd looks for the kernels itself"
			}
			entries = append(entries, e)
		}
		return entries
	}
	for _, m := range refindField.FindAllStringSubmatch(text, -1) {
		value := strings.TrimSpace(m[2])
		if m[1] == "menuentry" {
			entries = append(entries, Entry{Title: value})
			continue
		}
		if len(entries) == 0 {
			continue
		}
		e := &entries[len(entries)-1]
		switch m[1] {
		case "loader":
			e.Kernel = r.finder.locateBeside(file, value)
		case "initrd":
			e.addInitramfs(r.finder.locateBeside(file, value))
		case "options":
			e.Parameters = append(e.Parameters, strings.Fields(value)...)
		}
	}
	return slices.DeleteFunc(entries, func(e Entry) bool { return e.Kernel.Name == "" })
}

// kernelIn finds the kernel in a directory that has the highest version, and the
// initramfs whose name has the same one, as rEFInd does.
func (r *reader) kernelIn(directory string) (kernel File, initramfs []File) {
	names, err := r.edit.ReadDir(directory)
	if err != nil {
		return kernel, nil
	}
	version := ""
	for _, name := range names {
		v, ok := strings.CutPrefix(name, "vmlinuz")
		v = strings.TrimPrefix(v, "-")
		if at := path.Join(directory, name); ok && !strings.Contains(v, "rescue") && r.finder.isFile(at) && (kernel.Path == "" || CompareVersions(v, version) > 0) {
			kernel, version = File{Name: name, Path: at, State: Found}, v
		}
	}
	for _, name := range names {
		if at := path.Join(directory, name); strings.HasPrefix(name, "initr") && version != "" && strings.Contains(name, version) && len(initramfs) == 0 {
			initramfs = []File{{Name: name, Path: at, State: Found}}
		}
	}
	return kernel, initramfs
}

var limineLine = regexp.MustCompile(`(?mi)^[ \t]*(?:(/+|:+)[+]?([^\n/:][^\n]*)|(kernel_path|path|module_path|cmdline|kernel_cmdline|protocol)[ \t]*[:=][ \t]*([^\n]*))$`)

// limineEntries reads limine.conf, and limine.cfg of versions before 8.
func (r *reader) limineEntries(file, text string) []Entry {
	var entries []Entry
	for _, m := range limineLine.FindAllStringSubmatch(text, -1) {
		if m[1] != "" {
			entries = append(entries, Entry{Title: strings.TrimSpace(m[2])})
			continue
		}
		if len(entries) == 0 {
			continue
		}
		e := &entries[len(entries)-1]
		value := strings.TrimSpace(m[4])
		switch strings.ToLower(m[3]) {
		case "path", "kernel_path":
			e.Kernel = r.finder.locateBeside(file, LiminePath(value))
		case "module_path":
			e.addInitramfs(r.finder.locateBeside(file, LiminePath(value)))
		case "cmdline", "kernel_cmdline":
			e.Parameters = strings.Fields(value)
		case "protocol":
			if strings.HasPrefix(value, "efi") || strings.HasPrefix(value, "bios") {
				e.Unclear = "it starts another loader"
			}
		}
	}
	return slices.DeleteFunc(entries, func(e Entry) bool { return e.Kernel.Name == "" || e.Unclear != "" })
}

// LiminePath leaves out where a file lies (boot():/x, uuid(...):/x) and its checksum.
func LiminePath(value string) string {
	if _, rest, ok := strings.Cut(value, ":/"); ok {
		value = "/" + strings.TrimLeft(rest, "/")
	}
	value, _, _ = strings.Cut(value, "#")
	return value
}
