package inject

import (
	"net/netip"
	"slices"
	"strings"
)

// hostsFile is hosts(5). Lines that it does not touch stay byte for byte.
type hostsFile struct{ lines []string }

func parseHosts(text string) *hostsFile {
	h := &hostsFile{}
	for line := range strings.Lines(text) {
		h.lines = append(h.lines, strings.TrimSuffix(line, "\n"))
	}
	return h
}

// String is the file's text.
func (h *hostsFile) String() string {
	if len(h.lines) == 0 {
		return ""
	}
	return strings.Join(h.lines, "\n") + "\n"
}

// splitHost splits a line into address, names and comment.
func splitHost(line string) (address netip.Addr, names []string, comment string) {
	entry, after, hasComment := strings.Cut(line, "#")
	if hasComment {
		comment = "#" + after
	}
	fields := strings.Fields(entry)
	if len(fields) == 0 {
		return netip.Addr{}, nil, comment
	}
	address, err := netip.ParseAddr(fields[0])
	if err != nil {
		return netip.Addr{}, nil, comment
	}
	return address, fields[1:], comment
}

func joinHost(address netip.Addr, names []string, comment string) string {
	line := address.String() + "\t" + strings.Join(names, " ")
	if comment != "" {
		line += " " + comment
	}
	return line
}

// add merges an entry: names that the address has already stay, missing ones
// are added to its line if that shares a name, and else as a line of their own
// so that the first of them is the canonical one. conflicts are names that
// another address of the same kind holds, which wins where it comes first.
func (h *hostsFile) add(address netip.Addr, names []string) (conflicts []string) {
	missing := slices.Clone(names)
	shared := -1
	for i, line := range h.lines {
		other, have, _ := splitHost(line)
		if !other.IsValid() {
			continue
		}
		for _, name := range names {
			switch {
			case !containsFold(have, name):
			case other == address:
				missing = slices.DeleteFunc(missing, func(n string) bool { return strings.EqualFold(n, name) })
				if shared < 0 {
					shared = i
				}
			case other.Is4() == address.Is4() && !other.IsLoopback():
				conflicts = append(conflicts, name)
			}
		}
	}
	switch {
	case len(missing) == 0:
	case shared >= 0:
		other, have, comment := splitHost(h.lines[shared])
		h.lines[shared] = joinHost(other, append(have, missing...), comment)
	default:
		h.lines = append(h.lines, joinHost(address, names, ""))
	}
	return conflicts
}

// rename removes the old machine's names from the loopback addresses, except
// from the distribution's own localhost names. A line without names goes.
func (h *hostsFile) rename(old []string) {
	kept := h.lines[:0:0]
	for _, line := range h.lines {
		address, names, comment := splitHost(line)
		if !address.IsValid() || !address.IsLoopback() {
			kept = append(kept, line)
			continue
		}
		left := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
			return containsFold(old, name) && !strings.HasPrefix(strings.ToLower(name), "localhost")
		})
		switch {
		case len(left) == len(names):
			kept = append(kept, line)
		case len(left) > 0:
			kept = append(kept, joinHost(address, left, comment))
		}
	}
	h.lines = kept
}

// holds reports whether name has an address that is no loopback address.
func (h *hostsFile) holds(name string) bool {
	for _, line := range h.lines {
		address, names, _ := splitHost(line)
		if address.IsValid() && !address.IsLoopback() && containsFold(names, name) {
			return true
		}
	}
	return false
}

// setLoopback makes names the only ones of a loopback address in a line of
// their own, after the first line of 127.0.0.1.
func (h *hostsFile) setLoopback(address netip.Addr, names []string) {
	line := joinHost(address, names, "")
	at := 0
	for i, existing := range h.lines {
		other, have, comment := splitHost(existing)
		if !other.IsValid() {
			continue
		}
		if other == address && slices.EqualFunc(have, names, strings.EqualFold) {
			return
		}
		if other == address && address != localhost {
			// Names that somebody added stay reachable.
			for _, name := range have {
				if !containsFold(names, name) {
					names = append(names, name)
				}
			}
			h.lines[i] = joinHost(address, names, comment)
			return
		}
		if other == localhost && at == 0 {
			at = i + 1
		}
	}
	h.lines = slices.Insert(h.lines, at, line)
}

// localhost is the address of every hosts file's first line.
var localhost = netip.AddrFrom4([4]byte{127, 0, 0, 1})

func containsFold(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}
