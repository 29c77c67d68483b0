package guest

import (
	"path"
	"strings"
)

// autofsMasters is where automount(8) looks for its master map, as distributions set it.
var autofsMasters = []string{"/etc/auto.master", "/etc/autofs/auto.master"}

// maxIncluded is how deep maps of automount(8) may include each other here, and maxMaps how
// many of them are read.
const (
	maxIncluded = 8
	maxMaps     = 1000
)

// AutofsFiles are the files of a guest that Automounts reads.
type AutofsFiles struct {
	// Read gives a text file; ok is false where there is none, or where it is a program
	// that prints a map.
	Read func(name string) (text string, ok bool)
	// List gives the full paths in a directory, sorted.
	List func(directory string) []string
}

// Automounts are what the maps of autofs have automount(8) mount: the points of indirect
// maps, over which it mounts itself, and the keys of direct ones. Maps that do not lie in
// the guest, as those of NIS and LDAP, tell nothing of the latter.
func Automounts(files AutofsFiles) []BootMount {
	a := automounts{files: files, points: map[string]bool{}, read: map[string]bool{}}
	for _, master := range autofsMasters {
		a.readMaster(master, 0)
	}
	return a.found
}

// automounts is what was read so far.
type automounts struct {
	files AutofsFiles
	// points are those of all entries of master maps: later ones have no effect.
	points map[string]bool
	found  []BootMount
	// read are the maps that were read: to read one again changes nothing.
	read map[string]bool
}

func (a *automounts) readMaster(file string, depth int) {
	text, ok := a.readOnce(file)
	if !ok || depth > maxIncluded {
		return
	}
	for _, line := range mapLines(text) {
		fields := strings.Fields(line)
		if included, ok := strings.CutPrefix(fields[0], "+"); ok {
			a.include(included, depth)
			continue
		}
		point := path.Clean(fields[0])
		if len(fields) < 2 || !path.IsAbs(point) || point != "/-" && a.points[point] {
			continue
		}
		a.points[point] = true
		switch {
		case fields[1] == "-null":
		case point == "/-":
			a.readDirect(file, fields[1])
		default:
			a.found = append(a.found, BootMount{Path: point, File: file, Line: strings.Join(fields, " ")})
		}
	}
}

// readOnce is the text of a map that was not read yet.
func (a *automounts) readOnce(file string) (text string, ok bool) {
	file = path.Clean(file)
	if a.read[file] || len(a.read) == maxMaps {
		return "", false
	}
	a.read[file] = true
	return a.files.Read(file)
}

// include reads what a master map includes. One by its name alone is not in the guest.
func (a *automounts) include(included string, depth int) {
	if directory, ok := strings.CutPrefix(included, "dir:"); ok {
		for _, file := range a.files.List(directory) {
			if path.Ext(file) == ".autofs" {
				a.readMaster(file, depth+1)
			}
		}
		return
	}
	if file := strings.TrimPrefix(included, "file:"); path.IsAbs(file) {
		a.readMaster(file, depth+1)
	}
}

// readDirect reads a direct map, which a master map names.
func (a *automounts) readDirect(master, name string) {
	kind, file, typed := strings.Cut(name, ":")
	if !typed {
		kind, file = "file", name
	}
	if kind, _, _ = strings.Cut(kind, ","); kind != "file" { // the format is behind a comma
		return
	}
	if !path.IsAbs(file) {
		file = path.Join(path.Dir(master), file)
		if path.Ext(master) == ".autofs" {
			file = path.Join("/etc", path.Base(file))
		}
	}
	text, ok := a.readOnce(file)
	if !ok {
		return
	}
	for _, line := range mapLines(text) {
		fields := strings.Fields(line)
		if point := path.Clean(fields[0]); path.IsAbs(point) && point != "/" {
			a.found = append(a.found, BootMount{Path: point, File: file, Line: strings.Join(fields, " ")})
		}
	}
}

// mapLines are the lines of a map without comments; a backslash lets one go on.
func mapLines(text string) []string {
	var lines []string
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		line = strings.TrimSpace(line)
		if i := strings.Index(line, " #"); i >= 0 {
			line = strings.TrimSpace(line[:i])
		}
		if line != "" && line[0] != '#' {
			lines = append(lines, line)
		}
	}
	return lines
}
