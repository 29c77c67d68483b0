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
	title string
	index int
}

func (r *reader) legacyMenu(file, text string) (Menu, error) {
	m := Menu{Loader: GRUBLegacy, File: file, Default: -1, Fallback: -1}
	var titles []legacyTitle
	current, root := -1, ""
	preset, fallback := "0", ""
	for line := range strings.Lines(text) {
		words := strings.Fields(strings.Replace(line, "=", " ", 1))
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		value := ""
		if len(words) > 1 {
			value = words[1]
		}
		switch words[0] {
		case "title":
			titles = append(titles, legacyTitle{strings.TrimSpace(strings.TrimPrefix(strings.TrimLeft(line, conf.Blanks), "title")), -1})
			current, root = -1, mountToken+r.mountOf(file)
		case "default":
			preset = value
		case "fallback":
			fallback = value
		case "root", "rootnoverify":
			root = r.legacyDevice(value)
		case "uuid":
			root = vagueValue
			if d, ok := r.devices.Resolve("UUID=" + value); ok {
				root = r.token(d)
			}
		case "kernel", "module":
			parameters := strings.Fields(line)
			for len(parameters) > 1 && strings.HasPrefix(parameters[1], "-") { // --type=, --no-mem-option
				parameters = parameters[1:]
			}
			if len(titles) == 0 || len(parameters) < 2 {
				continue
			}
			image := parameters[1]
			switch {
			case current >= 0 && words[0] == "module":
				m.Entries[current].addInitramfs(r.legacyFile(image, root))
			case current >= 0 || isNoLinux(image):
			default:
				current = len(m.Entries)
				titles[len(titles)-1].index = current
				m.Entries = append(m.Entries, Entry{
					File: file, Title: titles[len(titles)-1].title, Choice: strconv.Itoa(len(titles) - 1), Kernel: r.legacyFile(image, root), Parameters: parameters[2:],
				})
			}
		case "initrd":
			if current >= 0 && value != "" {
				m.Entries[current].addInitramfs(r.legacyFile(strings.Fields(line)[1], root))
			}
		case "configfile":
			if m.Unclear == "" {
				m.Unclear = "it opens another menu, " + value
			}
		}
	}
	if preset == "saved" {
		saved, _, err := r.edit.Read(path.Join(path.Dir(file), "default"))
		if err != nil {
			return m, err
		}
		preset = "0"
		if fields := strings.Fields(saved); len(fields) > 0 {
			preset = fields[0]
		}
	}
	if at, err := strconv.Atoi(preset); err == nil && len(titles) > 0 {
		if at < 0 || at >= len(titles) {
			at = 0
		}
		m.Default, m.DefaultTitle = titles[at].index, titles[at].title
	}
	if at, err := strconv.Atoi(fallback); err == nil && at >= 0 && at < len(titles) {
		m.Fallback = titles[at].index
	}
	return m, nil
}

func (e *Entry) addInitramfs(f File) {
	if !isMicrocode(f.Name) {
		e.Initramfs = append(e.Initramfs, f)
	}
}

// legacyDevice is the file system that GRUB Legacy calls (hd0,0), whose partitions
// count from 0.
func (r *reader) legacyDevice(name string) string {
	disk, partition, ok := strings.Cut(strings.Trim(name, "()"), ",")
	n, err := strconv.Atoi(partition)
	if ok && r.lacksDisk(disk) {
		return absentToken
	}
	if !ok || err != nil || disk != "hd0" || r.disks() != 1 {
		return vagueValue
	}
	if d, ok := r.devices.ByPosition(0, n+1); ok {
		return r.token(d)
	}
	return vagueValue
}

func (r *reader) legacyFile(name, root string) File {
	if device, rest, ok := strings.Cut(name, ")"); ok && strings.HasPrefix(device, "(") {
		file := r.locate(rest, r.legacyDevice(device+")"))
		file.Name = name
		return file
	}
	return r.locate(name, root)
}
