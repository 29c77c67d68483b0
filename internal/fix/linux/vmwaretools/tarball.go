package vmwaretools

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// toolsLocations is where VMware's tarball installer notes what it installed.
const toolsLocations = "/etc/vmware-tools/locations"

// toolsTrees are the installer's own directories.
var toolsTrees = []string{"/etc/vmware-tools", "/usr/lib/vmware-tools"}

// toolsUnits start the tools, and are not always in the installer's notes.
var toolsUnits = []string{
	"/etc/systemd/system/vmware-tools.service",
	"/etc/systemd/system/vmware-tools-thinprint.service",
	"/etc/systemd/system/multi-user.target.wants/vmware-tools.service",
	"/etc/systemd/system/multi-user.target.wants/vmware-tools-thinprint.service",
	"/etc/init/vmware-tools.conf",
	"/etc/init.d/vmware-tools",
	"/etc/init.d/vmware-tools-thinprint",
	"/usr/bin/vmware-uninstall-tools.pl",
	"/usr/bin/vmware-config-tools.pl",
}

// removeToolsTarball removes what the installer's notes list. Its own
// uninstaller is made for a running VMware machine: it stops services, unloads
// modules, and rebuilds every initramfs.
func removeToolsTarball(ctx context.Context, e *edit.Editor) (bool, error) {
	text, ok, err := e.Read(toolsLocations)
	if err != nil {
		return false, err
	}
	// Some packages keep a file of that name too.
	if !ok || !e.Exists("/usr/bin/vmware-uninstall-tools.pl") && !e.Exists("/usr/bin/vmware-config-tools.pl") {
		return false, nil
	}
	files, directories := toolsInstalled(text)
	links, err := toolsStartLinks(e)
	if err != nil {
		return true, err
	}
	removed := 0
	for _, file := range slices.Concat(files, toolsUnits, links) {
		if err := ctx.Err(); err != nil {
			return true, err
		}
		info, err := e.Lstat(file)
		if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode.IsDir() {
			continue
		}
		if err != nil {
			return true, fmt.Errorf("%s: %w", file, err)
		}
		if err := e.Discard(file); err != nil {
			return true, err
		}
		removed++
	}
	// Deepest first; a directory that others use too is not empty.
	slices.SortFunc(directories, func(a, b string) int { return strings.Compare(b, a) })
	for _, directory := range directories {
		if left, err := e.ReadDir(directory); err == nil && len(left) == 0 {
			if err := e.Discard(directory); err != nil {
				return true, err
			}
		}
	}
	for _, tree := range toolsTrees {
		if err := e.Discard(tree); err != nil {
			return true, err
		}
	}
	e.Record(report.Change{
		Path: "/usr/lib/vmware-tools", Action: report.ActionRemoved,
		Description: fmt.Sprintf("remove VMware Tools: %d files that their installer noted", removed),
	})
	return true, nil
}

// toolsKept are files that the installer changes but that are the guest's.
var toolsKept = regexp.MustCompile(`^/(boot|dev|proc|sys|run)/|^/etc/(fstab|passwd|group|shadow|modules|pam\.conf|X11/)|^/etc/(rc\.d/)?rc\.local$`)

// toolsInstalled reads the installer's notes: statements that later ones take
// back.
func toolsInstalled(text string) (files, directories []string) {
	there := map[string]string{}
	var order []string
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 2 || !path.IsAbs(fields[1]) {
			continue
		}
		name := path.Clean(fields[1])
		switch fields[0] {
		case "file", "directory":
			if _, ok := there[name]; !ok {
				order = append(order, name)
			}
			there[name] = fields[0]
		case "remove_file", "remove_directory":
			there[name] = ""
		}
	}
	for _, name := range order {
		switch {
		case toolsKept.MatchString(name):
		case there[name] == "file":
			files = append(files, name)
		case there[name] == "directory" && strings.Count(name, "/") > 1:
			directories = append(directories, name)
		}
	}
	return files, directories
}

// toolsStartLinks finds the links of System V run levels.
func toolsStartLinks(e *edit.Editor) ([]string, error) {
	var links []string
	for _, parent := range []string{"/etc", "/etc/rc.d", "/etc/init.d"} {
		levels, err := e.List(parent, "rc[0-9S].d")
		if err != nil {
			return nil, err
		}
		for _, level := range levels {
			found, err := e.List(level, "[SK][0-9][0-9]vmware-tools*")
			if err != nil {
				return nil, err
			}
			links = append(links, found...)
		}
	}
	return links, nil
}

// repositories are where package managers have their sources.
var repositories = []string{"/etc/yum.repos.d/*.repo", "/etc/zypp/repos.d/*.repo", "/etc/apt/sources.list.d/*.list", "/etc/apt/sources.list.d/*.sources"}

// removeToolsRepositories removes the package sources of VMware's own tools.
func removeToolsRepositories(_ context.Context, e *edit.Editor) (bool, error) {
	had := false
	for _, pattern := range repositories {
		err := e.EachFile(pattern, func(file, text string) error {
			if !onlyToolsSources(text) {
				return nil
			}
			had = true
			return e.Remove(file, "remove the package source of VMware tools")
		})
		if err != nil {
			return had, err
		}
	}
	return had, nil
}

var sourceAddress = regexp.MustCompile(`(?m)^[^#\n]*?\b(?:https?|ftp)://([^\s]+)`)

// onlyToolsSources reports whether a file of package sources has none but
// VMware's.
func onlyToolsSources(text string) bool {
	addresses := sourceAddress.FindAllStringSubmatch(text, -1)
	return len(addresses) > 0 && !slices.ContainsFunc(addresses, func(m []string) bool {
		return !strings.HasPrefix(m[1], "packages.vmware.com/tools")
	})
}
