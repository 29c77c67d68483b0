package boot

import (
	"net/netip"
	"slices"
)

// Facts are what a guest says of itself once it is up, by a probe that was put
// into it. It may lie.
type Facts struct {
	// Boot is how far its boot has come.
	Boot Progress
	// Waiting says that it waits for static addresses, and will tell all again.
	Waiting  bool
	Hostname string
	Kernel   string  // its release, as of uname -r
	SELinux  string  // "enforcing", "permissive" or "disabled"
	Seconds  float64 // since its kernel was started
	Cards    []Card
	// AddressesUnknown says that it has no program that tells its addresses.
	AddressesUnknown bool
	Routes           []Route
	Mounts           []Mount
	Swaps            []string // files and devices, as the kernel calls them
	// Failed are the units of systemd that have failed, and Jobs those that it
	// still starts or waits for.
	Failed, Jobs []string
}

// Progress is how far a guest says that its boot has come.
type Progress string

// What a guest may say. Those of systemd are the states of systemctl
// is-system-running.
const (
	ProgressDone        Progress = "done"     // an init that is not systemd has started all
	ProgressRunning     Progress = "running"  // systemd has, and
	ProgressDegraded    Progress = "degraded" // with failed units
	ProgressStarting    Progress = "starting" // not after all the time that it had
	ProgressMaintenance Progress = "maintenance"
)

// Card is a network interface of a guest.
type Card struct {
	Name      string
	Physical  bool   // it is a device, and no bridge, bond or VLAN
	MAC       string // empty where it has none
	Up        bool
	Addresses []netip.Prefix
}

// Route is a default route.
type Route struct {
	Card    string
	Gateway netip.Addr // not valid where there is none
}

// Mount is a file system that the guest has mounted.
type Mount struct {
	Path, Type, Source string
}

// Card finds an interface by its name.
func (f Facts) Card(name string) (Card, bool) {
	n := slices.IndexFunc(f.Cards, func(c Card) bool { return c.Name == name })
	if n < 0 {
		return Card{}, false
	}
	return f.Cards[n], true
}

// Global are the card's addresses that more than its own link knows.
func (c Card) Global() []netip.Prefix {
	return slices.DeleteFunc(slices.Clone(c.Addresses), func(p netip.Prefix) bool {
		return p.Addr().IsLinkLocalUnicast() || p.Addr().IsLoopback()
	})
}
