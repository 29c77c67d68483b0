package vmwaretools

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

const dpkgStatus = "/var/lib/dpkg/status"

// dpkgPackage is an installed package, with each of its dependencies as the
// alternatives that fulfil it.
type dpkgPackage struct {
	name     string
	provides []string
	depends  [][]string
	// configuration is set if only configuration files are left.
	configuration bool
}

// parseDpkgStatus reads dpkg's database. Packages that are not installed, and
// have left nothing, are left out.
func parseDpkgStatus(text string) []dpkgPackage {
	var packages []dpkgPackage
	for _, paragraph := range strings.Split(text, "\n\n") {
		p, status := dpkgPackage{}, ""
		for line := range strings.Lines(paragraph) {
			key, value, _ := strings.Cut(strings.TrimRight(line, "\n"), ":")
			value = strings.TrimSpace(value)
			switch key {
			case "Package":
				p.name = value
			case "Status":
				status = value
			case "Provides":
				for _, alternatives := range dpkgRelation(value) {
					p.provides = append(p.provides, alternatives...)
				}
			case "Depends", "Pre-Depends":
				p.depends = append(p.depends, dpkgRelation(value)...)
			}
		}
		fields := strings.Fields(status)
		if p.name == "" || len(fields) != 3 || fields[2] == "not-installed" {
			continue
		}
		p.configuration = fields[2] == "config-files"
		packages = append(packages, p)
	}
	return packages
}

// dpkgRelation splits "a (>= 1) | b, c:any" into names.
func dpkgRelation(value string) [][]string {
	var relation [][]string
	for _, one := range strings.Split(value, ",") {
		var alternatives []string
		for _, name := range strings.Split(one, "|") {
			name, _, _ = strings.Cut(strings.TrimSpace(name), " ")
			name, _, _ = strings.Cut(name, ":")
			if name != "" {
				alternatives = append(alternatives, name)
			}
		}
		relation = append(relation, alternatives)
	}
	return relation
}

// dependents lists the installed packages, other than the removed ones, that
// nothing else but these could satisfy.
func dependents(installed []dpkgPackage, removed []string) []string {
	there := map[string]bool{}
	gone := map[string]bool{}
	for _, p := range installed {
		if p.configuration {
			continue
		}
		names := append([]string{p.name}, p.provides...)
		for _, name := range names {
			if slices.Contains(removed, p.name) {
				gone[name] = true
			} else {
				there[name] = true
			}
		}
	}
	var found []string
	for _, p := range installed {
		if p.configuration || slices.Contains(removed, p.name) {
			continue
		}
		for _, alternatives := range p.depends {
			needs := slices.ContainsFunc(alternatives, func(name string) bool { return gone[name] })
			if needs && !slices.ContainsFunc(alternatives, func(name string) bool { return there[name] }) {
				found = append(found, p.name)
				break
			}
		}
	}
	return found
}

// removeDebianTools removes the packages by dpkg: unlike apt it never wants
// to download or to remove anything else.
func removeDebianTools(ctx context.Context, e *edit.Editor, installed []dpkgPackage) (bool, error) {
	var names []string
	for _, p := range installed {
		if toolsPackage.MatchString(p.name) {
			names = append(names, p.name)
		}
	}
	if len(names) == 0 {
		return false, nil
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if needed := dependents(installed, names); len(needed) > 0 {
		e.Warn(report.ConcernVMwareTools, fmt.Sprintf("VMware tools stay: %s cannot do without %s", strings.Join(needed, ", "), strings.Join(names, ", ")),
			"they do no harm on KVM; their services start on VMware only")
		return true, nil
	}
	argv := append([]string{"dpkg", "--purge"}, names...)
	err := e.Command(ctx, "remove the packages "+strings.Join(names, ", "), argv...)
	return true, err
}
