package inject

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/agext/levenshtein"
)

// otherNames are services that other families call by another name.
var otherNames = map[string][]string{
	"sshd": {"ssh"}, "ssh": {"sshd"}, "httpd": {"apache2"}, "apache2": {"httpd"},
	"cron": {"crond"}, "crond": {"cron", "cronie"}, "ntp": {"ntpd"}, "ntpd": {"ntp"},
	"chrony": {"chronyd"}, "chronyd": {"chrony"}, "named": {"bind9"}, "bind9": {"named"},
	"nfs-server": {"nfs-kernel-server"}, "nfs-kernel-server": {"nfs-server"},
	"vmware-tools": {"open-vm-tools", "vmtoolsd"}, "open-vm-tools": {"vmtoolsd"}, "vmtoolsd": {"open-vm-tools"},
}

// nearNames returns up to three of names that may be meant by name, the most
// likely first.
func nearNames(name string, names []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	limit := max(1, min(3, len(name)/3))
	var near []candidate
	for _, other := range names {
		switch {
		case other == name:
		case slices.Contains(otherNames[name], other):
			near = append(near, candidate{other, 0})
		default:
			if d := levenshtein.Distance(name, other, nil); d <= limit {
				near = append(near, candidate{other, d})
			}
		}
	}
	sort.Slice(near, func(i, j int) bool {
		if near[i].distance != near[j].distance {
			return near[i].distance < near[j].distance
		}
		return near[i].name < near[j].name
	})
	var result []string
	for _, c := range near {
		if !slices.Contains(result, c.name) && len(result) < 3 {
			result = append(result, c.name)
		}
	}
	return result
}

// suggestion is the end of a sentence about an unknown name.
func suggestion(name string, names []string) string {
	near := nearNames(name, names)
	if len(near) == 0 {
		return ""
	}
	quoted := make([]string, len(near))
	for i, n := range near {
		quoted[i] = fmt.Sprintf("%q", n)
	}
	return "; is " + strings.Join(quoted, " or ") + " meant?"
}
