package network

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/netconf"
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
	renders, err := netplanLeavesAll(e)
	if err != nil {
		return false
	}
	unmanaged := ""
	for _, name := range files {
		if renders && path.Base(name) == globallyManaged {
			continue
		}
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

// globallyManaged is the file by which Ubuntu has NetworkManager leave Ethernet cards to
// others. netplan hides it by an empty one in /run, at each boot, where it leaves all
// cards to NetworkManager: netplan's generate.c.
const globallyManaged = "10-globally-managed-devices.conf"

// netplanLeavesAll reports whether netplan leaves all cards to NetworkManager, as on
// Ubuntu's desktops. Its files are read in the order of their names; the last that names
// a renderer counts.
func netplanLeavesAll(e *edit.Reader) (bool, error) {
	var files []string
	for _, directory := range []string{"/lib/netplan", "/etc/netplan"} {
		found, err := e.List(directory, "*.yaml")
		if err != nil {
			return false, err
		}
		files = append(files, found...)
	}
	slices.SortStableFunc(files, func(a, b string) int { return strings.Compare(path.Base(a), path.Base(b)) })
	renderer := ""
	for _, file := range files {
		text, _, err := e.Read(file)
		if err != nil {
			return false, err
		}
		if plan, ok := netconf.ReadNetplan(text); ok {
			renderer = cmp.Or(plan.Renderer, renderer)
		}
	}
	return renderer == "NetworkManager", nil
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
