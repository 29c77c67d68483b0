package inject

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// netplanFile is what must be known of a file of netplan(5).
type netplanFile struct {
	Network map[string]any `yaml:"network"`
}

func parseNetplan(text string) (netplanFile, error) {
	var file netplanFile
	err := yaml.Unmarshal([]byte(text), &file)
	return file, err
}

// interfaces lists the names under ethernets, bonds and so on, sorted.
func (f netplanFile) interfaces() []string {
	var names []string
	for _, kind := range f.Network {
		definitions, ok := kind.(map[string]any)
		if !ok {
			continue
		}
		for name := range definitions {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// unmatched lists the interfaces whose names are those of network cards.
func (f netplanFile) unmatched() []string {
	cards, _ := f.Network["ethernets"].(map[string]any)
	var names []string
	for name, definition := range cards {
		if settings, _ := definition.(map[string]any); settings["match"] == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// planNetplan stages netplan files, which only root may read.
func (p *plan) planNetplan(files []File, managers []manager) {
	if len(files) == 0 {
		return
	}
	if !p.exists("/usr/sbin/netplan") && !p.exists("/usr/bin/netplan") && !p.exists("/sbin/netplan") {
		p.warn("the guest has no netplan: its files have no effect", "install netplan.io in the guest, or configure the manager that the guest uses")
	}
	existing := p.matching("/etc/netplan", "*.yaml")
	for _, file := range files {
		parsed, _ := parseNetplan(file.Content)
		p.writeHidden(path.Join("/etc/netplan", file.Filename), withNewline(file.Content), 0o600, root, "netplan file; its content may hold keys and is not shown")
		p.warnMerged(file.Filename, parsed, existing)
		p.warnOtherCard(file.Filename, parsed.unmatched())
		if renderer, _ := parsed.Network["renderer"].(string); renderer == "NetworkManager" {
			p.startManager("NetworkManager.service", parsed.interfaces(), managers)
			continue
		}
		// netplan itself tells NetworkManager to leave these interfaces alone.
		others := slices.DeleteFunc(slices.Clone(managers), func(m manager) bool { return m.service == "NetworkManager.service" })
		p.startManager("systemd-networkd.service", parsed.interfaces(), others)
	}
}

// warnMerged tells of files that define the same interface: netplan merges
// them, and old addresses stay.
func (p *plan) warnMerged(filename string, parsed netplanFile, existing []string) {
	for _, other := range existing {
		if path.Base(other) == filename {
			continue
		}
		theirs, err := parseNetplan(p.mustRead(other))
		if err != nil {
			continue
		}
		var both []string
		for _, name := range parsed.interfaces() {
			if slices.Contains(theirs.interfaces(), name) {
				both = append(both, name)
			}
		}
		if len(both) > 0 {
			p.warn(fmt.Sprintf("%s in the guest defines %s too: netplan merges it with %s", other, strings.Join(both, " and "), filename),
				fmt.Sprintf("call the file %s to replace it", path.Base(other)))
		}
	}
}
