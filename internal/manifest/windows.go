package manifest

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// WindowsScripts are the endings of names of scripts that Windows can run.
var WindowsScripts = []string{".ps1", ".cmd", ".bat"}

// maxWindowsScripts is how many scripts a guest runs in their order. The program that runs
// them has room for 256, with those of the migration.
const maxWindowsScripts = 200

// computerName matches names of NetBIOS that Windows takes as its own: those of
// digits only it refuses.
var computerName = regexp.MustCompile(`^[A-Za-z0-9-]{0,14}[A-Za-z0-9]$`)

// CheckWindows checks what is asked of a guest that is known to be a Windows: all
// that only Linux has is an error, where it is not at its default. Validate does not
// do this. The error is Errors.
func (m *Manifest) CheckWindows() error {
	var c collector
	const needless = "is for Linux guests, and this one is a Windows: leave it out"
	fix := m.Pipeline.Fix
	for _, path := range fix.LinuxOnly() {
		c.add(path, needless)
	}
	if fix.Enabled && fix.BlockDriver != BlockViostor && fix.VirtioWin == "" {
		c.add("pipeline.fix.block_driver", "%q cannot be installed without virtio_win: give that, or leave this out", fix.BlockDriver)
	}
	if g := m.Configuration; g != nil {
		for _, only := range []struct {
			path  string
			given bool
		}{
			{"configuration.users", g.Users != nil && (len(g.Users.Create) > 0 || len(g.Users.Disable) > 0 || len(g.Users.Delete) > 0)},
			{"configuration.services", g.Services != nil && (len(g.Services.Enable) > 0 || len(g.Services.Disable) > 0 || len(g.Services.Mask) > 0)},
			{"configuration.hostname.domain", g.Hostname != nil && g.Hostname.Domain != ""},
			{"configuration.hostname.hosts", g.Hostname != nil && len(g.Hostname.Hosts) > 0},
			{"configuration.machine_id", g.MachineID != ""},
			{"configuration.network", g.Network != nil && (len(g.Network.SystemdNetworkd) > 0 || len(g.Network.Netplan) > 0 || len(g.Network.NetworkManager) > 0)},
		} {
			if only.given {
				c.add(only.path, needless)
			}
		}
		g.checkWindows(&c)
	}
	return c.errors.orNil()
}

// LinuxOnly are the paths of those settings that only a Linux guest can have, as far as
// they differ from the defaults of an enabled stage.
func (f Fix) LinuxOnly() []string {
	if !f.Enabled {
		return nil
	}
	var paths []string
	for _, only := range []struct {
		name  string
		given bool
	}{
		{"print_fstab", f.PrintFstab},
		{"initramfs", f.Initramfs != InitramfsAuto},
		{"fstab_mode", f.FstabMode != FstabStabilizeAll},
	} {
		if only.given {
			paths = append(paths, "pipeline.fix."+only.name)
		}
	}
	return paths
}

func (g *Configuration) checkWindows(c *collector) {
	if h := g.Hostname; h != nil && h.Hostname != "" && (!computerName.MatchString(h.Hostname) || strings.Trim(h.Hostname, "0123456789") == "") {
		c.add("configuration.hostname.hostname", "%q is no name of a Windows: use up to 15 letters, digits and inner hyphens, and not digits alone", h.Hostname)
	}
	if len(g.FirstBoot) > maxWindowsScripts {
		c.add("configuration.first_boot", "%d scripts are more than Windows is given: use up to %d", len(g.FirstBoot), maxWindowsScripts)
	}
	for n, script := range g.FirstBoot {
		if !slices.Contains(WindowsScripts, strings.ToLower(filepath.Ext(script.Name))) {
			c.add(element("configuration.first_boot", n)+".name", "%q does not say what Windows is to run it with: end it with %s", script.Name,
				alternatives(WindowsScripts))
		}
	}
}
