package menu

import (
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// loaderDirectories hold Boot Loader Specification entries, each with the
// mount points that the entries' paths may be relative to.
var loaderDirectories = []struct {
	directory string
	mounts    []string
}{
	{"/boot/loader/entries", []string{"/boot", "/"}},
	{"/boot/efi/loader/entries", []string{"/boot/efi"}},
	{"/efi/loader/entries", []string{"/efi"}},
}

// entriesOfLoader reads the entries of the Boot Loader Specification, the newest
// version first.
func (r *reader) entriesOfLoader() ([]Entry, error) {
	var found []Entry
	for _, loader := range loaderDirectories {
		files, err := r.edit.List(loader.directory, "*.conf")
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, _, err := r.edit.Read(file)
			if err != nil {
				return nil, err
			}
			if e, ok := r.loaderEntry(text, loader.mounts); ok {
				e.File, e.ID = file, entryID(file)
				found = append(found, e)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b Entry) int { return CompareVersions(b.sortedBy(), a.sortedBy()) })
	return found, nil
}

func (e Entry) sortedBy() string {
	if e.Version != "" {
		return e.Version
	}
	return path.Base(e.Kernel.Name)
}

// entryID is the name of an entry's file without what counts the attempts to boot
// it: x+3-1.conf is x.
func entryID(file string) string {
	id := strings.TrimSuffix(path.Base(file), ".conf")
	if at := strings.LastIndexByte(id, '+'); at > 0 && strings.Trim(id[at+1:], "0123456789-") == "" {
		return id[:at]
	}
	return id
}

// loaderEntry reads an entry; ok is false for one that starts no kernel.
func (r *reader) loaderEntry(text string, mounts []string) (e Entry, ok bool) {
	for line := range strings.Lines(text) {
		key, value := conf.LoaderField(line)
		switch key {
		case "title":
			e.Title = value
		case "version":
			e.Version = value
		case "linux":
			e.Kernel, ok = r.finder.locateUnder(mounts, value), true
		case "initrd":
			for _, name := range strings.Fields(value) {
				if !strings.HasPrefix(name, "$") && !isMicrocode(name) {
					e.Initramfs = append(e.Initramfs, r.finder.locateUnder(mounts, name))
				}
			}
		case "options":
			e.Parameters = append(e.Parameters, strings.Fields(value)...)
		}
	}
	return e, ok
}

// locateUnder finds a file that a loader sees under one of the mount points.
func (f *finder) locateUnder(mounts []string, name string) File {
	file := File{Name: name}
	if strings.Contains(name, "$") {
		return file
	}
	linked := false
	for _, mount := range mounts {
		at := path.Join(mount, name)
		if f.isFile(at) {
			file.Path, file.State = at, Found
			return file
		}
		linked = linked || f.isLink(at) || f.isBtrfs(f.mountOf(at))
	}
	if at := f.anywhere(name); at != "" {
		// GRUB's blscfg may see it where systemd-boot would not.
		file.Path, file.State = at, Found
	} else if !linked {
		file.State = Missing
	}
	return file
}

// loaderMenus reads what systemd-boot shows, unless GRUB shows these entries.
func (r *reader) loaderMenus() ([]Menu, error) {
	entries, err := r.entriesOfLoader()
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	others, err := r.otherEntries(entries)
	if err != nil {
		return nil, err
	}
	m := Menu{Loader: LoaderEntries, File: path.Dir(entries[0].File), Entries: entries, Default: -1, Fallback: -1}
	for i := range entries {
		entries[i].Choice = entries[i].ID + ".conf"
		m.read = append(m.read, entries[i].File)
	}
	defaults, read, err := r.loaderDefaults()
	if err != nil {
		return nil, err
	}
	m.read = append(m.read, read...)
	named := false
	for _, value := range defaults {
		pattern := strings.TrimSuffix(value, ".conf")
		matches := func(id string) bool { return MatchesDefault(pattern, id) }
		if i := slices.IndexFunc(entries, func(e Entry) bool { return matches(e.ID) }); i >= 0 {
			m.Default, m.DefaultTitle, named = i, entries[i].Title, true
		} else if slices.ContainsFunc(others, matches) || slices.ContainsFunc(ownEntries, matches) {
			m.Default, m.DefaultTitle, named = -1, value, true
		}
	}
	if named {
		return []Menu{m}, nil
	}
	images, err := r.namedImages(defaults)
	if err != nil || len(images) > 0 {
		return []Menu{m}, err
	}
	first, err := r.firstOfLoader()
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(entries, func(e Entry) bool { return e.File == first }); i >= 0 {
		m.Default, m.DefaultTitle = i, entries[i].Title
	} else if path.Ext(first) == ".conf" {
		m.DefaultTitle = entryID(first)
	}
	return []Menu{m}, nil
}

// loaderDefaults are the patterns by which the settings of systemd-boot choose what is
// started, the last one that matches, and the files that have such settings.
func (r *reader) loaderDefaults() (patterns, files []string, err error) {
	for _, directory := range []string{"/boot/loader", "/boot/efi/loader", "/efi/loader"} {
		file := path.Join(directory, "loader.conf")
		text, ok, err := r.edit.Read(file)
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			continue
		}
		files = append(files, file)
		for line := range strings.Lines(text) {
			if key, value := conf.LoaderField(line); key == "default" {
				patterns = append(patterns, value)
			}
		}
	}
	return patterns, files, nil
}

// MatchesDefault reports whether the pattern of a default in systemd-boot's settings is for
// an entry or an image of that name: case does not count.
func MatchesDefault(pattern, name string) bool {
	matched, _ := path.Match(strings.ToLower(pattern), strings.ToLower(name))
	return matched
}

// ownEntries are those that systemd-boot has for other systems and for the firmware.
var ownEntries = []string{"auto-windows", "auto-osx", "auto-efi-shell", "auto-reboot-to-firmware-setup", "auto-poweroff", "auto-reboot"}

// otherEntries are the ids of entries that start no kernel of Linux.
func (r *reader) otherEntries(entries []Entry) (ids []string, err error) {
	for _, loader := range loaderDirectories {
		files, err := r.edit.List(loader.directory, "*.conf")
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if !slices.ContainsFunc(entries, func(e Entry) bool { return e.File == file }) {
				ids = append(ids, entryID(file))
			}
		}
	}
	return ids, nil
}
