package network

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/netconf"
)

const networkdDirectory = "/etc/systemd/network"

// networkdPatterns are those of the files that have drop-ins: networkd's, and
// udev's .link files.
var networkdPatterns = []string{"*.network", "*.netdev", "*.link"}

// wholeFile is a file X.network, X.netdev or X.link of the guest or of its
// distribution with what lies in the directory X.network.d, and so on, beside it or in
// its place: they are read as one.
type wholeFile struct {
	base, text string
	dropIns    []dropIn
}

type dropIn struct{ path, text string }

// wholeFiles reads those of a pattern that the guest has itself, or has drop-ins for,
// by their names.
func wholeFiles(e *edit.Reader, pattern string) ([]wholeFile, error) {
	files, err := e.List(networkdDirectory, pattern)
	if err != nil {
		return nil, err
	}
	directories, err := e.List(networkdDirectory, pattern+".d")
	if err != nil {
		return nil, err
	}
	var bases []string
	for _, name := range append(files, directories...) {
		bases = append(bases, strings.TrimSuffix(path.Base(name), ".d"))
	}
	slices.Sort(bases)
	var found []wholeFile
	for _, base := range slices.Compact(bases) {
		whole := wholeFile{base: base}
		err := eachFile(e, []string{path.Join(networkdDirectory, base+".d", "*.conf")}, func(name, text string) {
			whole.dropIns = append(whole.dropIns, dropIn{name, text})
		})
		if err != nil {
			return nil, err
		}
		if whole.text, err = mainFile(e, base); err != nil {
			return nil, err
		}
		if len(whole.dropIns) == 0 && !slices.Contains(files, path.Join(networkdDirectory, base)) {
			continue
		}
		for _, d := range whole.dropIns {
			whole.text += "\n" + d.text
		}
		found = append(found, whole)
	}
	return found, nil
}

// networkdDirectories are where systemd looks for these files, the first of a name
// taking the place of the others: systemd.link(5). What lies in /run ends with the
// machine.
var networkdDirectories = []string{networkdDirectory, "/usr/local/lib/systemd/network", "/usr/lib/systemd/network", "/lib/systemd/network"}

// mainFile is what drop-ins belong to: a file of the guest, or else of its
// distribution. It is empty where a link to /dev/null stands in its place.
func mainFile(e *edit.Reader, base string) (string, error) {
	for _, directory := range networkdDirectories {
		name := path.Join(directory, base)
		if _, err := e.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		text, _, err := e.Read(name)
		return text, err
	}
	return "", nil
}

// everyLink reads all .link files that udev reads, those of the distribution too, with
// their drop-ins, in their order.
func everyLink(e *edit.Reader) ([]wholeFile, error) {
	dropIns := map[string]map[string]string{} // paths by names, by the names of their files
	for _, directory := range networkdDirectories {
		for _, pattern := range []string{"*.link", "*.link.d"} {
			found, err := e.List(directory, pattern)
			if err != nil {
				return nil, err
			}
			for _, name := range found {
				base := strings.TrimSuffix(path.Base(name), ".d")
				if dropIns[base] == nil {
					dropIns[base] = map[string]string{}
				}
				if path.Ext(name) != ".d" {
					continue
				}
				confs, err := e.List(name, "*.conf")
				if err != nil {
					return nil, err
				}
				for _, at := range confs {
					if dropIns[base][path.Base(at)] == "" {
						dropIns[base][path.Base(at)] = at
					}
				}
			}
		}
	}
	var all []wholeFile
	for _, base := range slices.Sorted(maps.Keys(dropIns)) {
		text, err := mainFile(e, base)
		if err != nil {
			return nil, err
		}
		if text == "" { // masked
			continue
		}
		whole := wholeFile{base: base, text: text}
		for _, name := range slices.Sorted(maps.Keys(dropIns[base])) {
			more, _, err := e.Read(dropIns[base][name])
			if err != nil {
				return nil, err
			}
			whole.text += "\n" + more
		}
		all = append(all, whole)
	}
	return all, nil
}

// addDropIns reads drop-ins. Each has the cards of the whole, so that it is edited
// with it.
func addDropIns(e *edit.Reader, files []networkFile) ([]networkFile, error) {
	for _, format := range netconf.Formats {
		if !slices.Contains(networkdPatterns, format.Pattern) {
			continue
		}
		wholes, err := wholeFiles(e, format.Pattern)
		if err != nil {
			return nil, err
		}
		for _, whole := range wholes {
			if len(whole.dropIns) == 0 || strings.Contains(whole.base, ownMark) {
				continue
			}
			var dropIns []networkFile
			for _, d := range whole.dropIns {
				dropIns = append(dropIns, networkFile{path: d.path, text: d.text, format: format})
			}
			found := format.Read(whole.base, whole.text)
			if i := slices.IndexFunc(files, func(f networkFile) bool { return f.path == path.Join(networkdDirectory, whole.base) }); i >= 0 {
				files[i].found = found
			} else {
				dropIns[0].found = found
			}
			for n := range dropIns {
				if netconf.MatchesHardware(dropIns[n].text) {
					dropIns[n].found.Cards = found.Cards
				}
			}
			files = append(files, dropIns...)
		}
	}
	return files, nil
}
