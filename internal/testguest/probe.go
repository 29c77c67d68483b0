package testguest

import "strings"

// Probe is what the unit inside a test guest reported about the booted system.
type Probe struct {
	Hostname string
	Kernel   string // release, as of uname -r
	System   string // systemctl is-system-running: running, degraded, ...
	Failed   []string
	// Addresses has the interfaces with state and addresses, as ip -br addr prints them.
	Addresses []Address
	Routes    []string
	Mounts    []ProbeMount // real file systems only
	Swaps     []string     // devices in use
	Cmdline   string       // the kernel's
}

// Address is an interface of the booted guest.
type Address struct {
	Interface string
	State     string // UP, DOWN, UNKNOWN
	Addresses []string
}

// ProbeMount is a mounted file system of the booted guest.
type ProbeMount struct {
	Target, Source, Type string
}

const probePrefix = "testguest-probe: "

// ParseProbe finds the probe's output in console text without escapes. The
// last complete report counts; false if there is none.
func ParseProbe(console string) (Probe, bool) {
	var current, last Probe
	inside, found := false, false
	for line := range strings.Lines(console) {
		_, text, ok := strings.Cut(strings.TrimRight(line, "\r\n"), probePrefix)
		if !ok {
			continue
		}
		key, value, _ := strings.Cut(text, " ")
		fields := strings.Fields(value)
		switch key {
		case "BEGIN":
			current, inside = Probe{}, true
		case "END":
			if inside {
				last, found, inside = current, true, false
			}
		case "hostname":
			current.Hostname = value
		case "kernel":
			current.Kernel = value
		case "system":
			current.System = value
		case "cmdline":
			current.Cmdline = value
		case "failed":
			if value != "" {
				current.Failed = append(current.Failed, value)
			}
		case "address":
			if len(fields) >= 2 {
				current.Addresses = append(current.Addresses, Address{Interface: fields[0], State: fields[1], Addresses: fields[2:]})
			}
		case "route":
			current.Routes = append(current.Routes, strings.TrimSpace(value))
		case "mount":
			if len(fields) == 3 {
				current.Mounts = append(current.Mounts, ProbeMount{Target: fields[0], Source: fields[1], Type: fields[2]})
			}
		case "swap":
			if len(fields) > 0 {
				current.Swaps = append(current.Swaps, fields[0])
			}
		}
	}
	return last, found
}

// Mount returns the file system mounted on target.
func (p Probe) Mount(target string) (ProbeMount, bool) {
	for _, m := range p.Mounts {
		if m.Target == target {
			return m, true
		}
	}
	return ProbeMount{}, false
}

// Interface returns the named interface.
func (p Probe) Interface(name string) (Address, bool) {
	for _, a := range p.Addresses {
		if a.Interface == name {
			return a, true
		}
	}
	return Address{}, false
}
