package network

import (
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
)

const managerConfig = "/etc/NetworkManager/NetworkManager.conf"

// managesByItself reports whether NetworkManager makes a profile for each card
// that has none, as it does unless it is told not to, or to leave cards alone.
func managesByItself(e *edit.Reader) bool {
	if !e.Exists(managerConfig) {
		return false
	}
	files, err := managerFiles(e)
	if err != nil {
		return false
	}
	unmanaged := ""
	for _, name := range files {
		text, _, err := e.Read(name)
		if err != nil {
			return false
		}
		file := conf.ReadINI(text)
		if file.Value("main", "no-auto-default") != "" {
			return false
		}
		if file.HasKey("unmanaged-devices") {
			unmanaged = file.Value("keyfile", "unmanaged-devices")
		}
		unmanaged += ";" + file.Value("keyfile", "unmanaged-devices+")
	}
	return !leavesEthernet(unmanaged)
}

// managerFiles are the files of settings in the order in which NetworkManager.conf(5)
// has them read: one in /etc hides that of its name in /usr.
func managerFiles(e *edit.Reader) (files []string, err error) {
	own, err := e.List("/etc/NetworkManager/conf.d", "*.conf")
	if err != nil {
		return nil, err
	}
	files, err = e.List("/usr/lib/NetworkManager/conf.d", "*.conf")
	files = slices.DeleteFunc(files, func(file string) bool {
		return slices.ContainsFunc(own, func(o string) bool { return path.Base(o) == path.Base(file) })
	})
	return slices.Concat(files, []string{managerConfig}, own), err
}

// leavesEthernet reports whether a list of devices that are not managed has all Ethernet
// cards, and excepts none of them, as that which Ubuntu's servers have.
func leavesEthernet(list string) bool {
	all := false
	for device := range strings.FieldsFuncSeq(list, func(r rune) bool { return strings.ContainsRune(",; \t", r) }) {
		device, except := strings.CutPrefix(device, "except:")
		kind, isType := strings.CutPrefix(device, "type:")
		switch {
		case except && (!isType || kind == "ethernet"):
			return false // others tell of a card of the old machine's there
		case !except && (device == "*" || isType && kind == "ethernet"):
			all = true
		}
	}
	return all
}
