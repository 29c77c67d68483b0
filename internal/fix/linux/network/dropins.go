package network

import (
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

// mainFile is what drop-ins belong to: a file of the guest, or else of its
// distribution.
func mainFile(e *edit.Reader, base string) (string, error) {
	for _, directory := range []string{networkdDirectory, "/usr/lib/systemd/network", "/lib/systemd/network"} {
		if text, ok, err := e.Read(path.Join(directory, base)); err != nil || ok {
			return text, err
		}
	}
	return "", nil
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
