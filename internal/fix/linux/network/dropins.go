package network

import (
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/netconf"
)

const networkdDirectory = "/etc/systemd/network"

// addDropIns reads what lies in directories X.network.d beside, or in the place of,
// a file X.network of the guest or of its distribution: networkd takes them for
// parts of the file. A drop-in has the cards of the whole, so that it is edited
// with it.
func addDropIns(e *edit.Editor, files []networkFile) ([]networkFile, error) {
	directories, err := e.List(networkdDirectory, "*.network.d")
	if err != nil {
		return nil, err
	}
	format := networkdFormat()
	for _, directory := range directories {
		parts, err := e.List(directory, "*.conf")
		if err != nil {
			return nil, err
		}
		var dropIns []networkFile
		for _, name := range parts {
			text, ok, err := e.Read(name)
			if err != nil {
				return nil, err
			}
			if ok {
				dropIns = append(dropIns, networkFile{path: name, text: text, format: format})
			}
		}
		if len(dropIns) == 0 {
			continue
		}
		base := strings.TrimSuffix(path.Base(directory), ".d")
		i := slices.IndexFunc(files, func(f networkFile) bool { return f.path == path.Join(networkdDirectory, base) })
		whole, err := vendorFile(e, base)
		if err != nil {
			return nil, err
		}
		if i >= 0 {
			whole = files[i].text
		}
		for _, d := range dropIns {
			whole += "\n" + d.text
		}
		found := format.Read(base, whole)
		if i >= 0 {
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
	return files, nil
}

func networkdFormat() netconf.Format {
	i := slices.IndexFunc(netconf.Formats, func(f netconf.Format) bool { return f.Pattern == "*.network" })
	return netconf.Formats[i]
}

// vendorFile is a .network file of the distribution.
func vendorFile(e *edit.Editor, base string) (string, error) {
	for _, directory := range []string{"/usr/lib/systemd/network", "/lib/systemd/network"} {
		if text, ok, err := e.Read(path.Join(directory, base)); err != nil || ok {
			return text, err
		}
	}
	return "", nil
}
