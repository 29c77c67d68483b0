package guest

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
)

// ReadRegistry makes what is known of a Windows system as precise as its own hives
// SOFTWARE and SYSTEM.
func (o *OS) ReadRegistry(software, system registry.Reader) error {
	product, err := registry.ReadSoftware(software)
	if err != nil {
		return fmt.Errorf("reading the hive SOFTWARE: %w", err)
	}
	machine, err := registry.ReadSystem(system)
	if err != nil {
		return fmt.Errorf("reading the hive SYSTEM: %w", err)
	}
	o.Product, o.Major, o.Minor = product.Product, product.Major, product.Minor
	o.Version = ""
	if product.Major > 0 {
		o.Version = product.Version()
	}
	o.Hostname = machine.Hostname
	if o.Arch == "" {
		o.Arch = machine.Arch // its programs may be compressed
	}
	o.Clock = "localtime"
	if machine.ClockUTC {
		o.Clock = "utc"
	}
	o.Osinfo = windowsOsinfo(product)
	return nil
}

// windowsOsinfo is the short id that libosinfo has for a Windows, or "".
func windowsOsinfo(s registry.Software) string {
	client, server := "", ""
	switch version := [2]int{s.Major, s.Minor}; version {
	case [2]int{5, 1}:
		client, server = "winxp", "winxp"
	case [2]int{5, 2}:
		client, server = "win2k3", "win2k3"
		switch {
		case strings.Contains(s.Product, "XP"):
			client = "winxp"
		case strings.Contains(s.Product, "R2"):
			server = "win2k3r2"
		}
	case [2]int{6, 0}:
		client, server = "winvista", "win2k8"
	case [2]int{6, 1}:
		client, server = "win7", "win2k8r2"
	case [2]int{6, 2}:
		client, server = "win8", "win2k12"
	case [2]int{6, 3}:
		client, server = "win8.1", "win2k12r2"
	case [2]int{10, 0}:
		client, server = "win10", fmt.Sprintf("win2k%d", s.ServerYear())
		if s.Is11() {
			client = "win11"
		}
	}
	if s.Server() {
		return server
	}
	return client
}

// WindowsRoots are the directories that libguestfs takes for that of a Windows, in
// its order.
var WindowsRoots = []string{"/windows", "/winnt", "/win32", "/win", "/reactos"}

// WindowsESP is where the EFI system partition of a Windows guest is mounted, which
// has no place for it.
const WindowsESP = "/efi"

// HibernationFile is where Windows keeps its memory while it is hibernated, and
// that of its kernel while it is shut down with Fast Startup.
const HibernationFile = "/hiberfil.sys"

// IsHibernationMark says that the first four bytes of that file are those of a
// Windows which goes on from there. One that has done so has other marks.
func IsHibernationMark(data []byte) bool {
	return bytes.EqualFold(data, []byte("hibr"))
}
