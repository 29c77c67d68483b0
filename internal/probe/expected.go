package probe

import (
	"io/fs"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/network"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// Expected is what a guest is configured to be once it is up.
type Expected struct {
	// Hostname is empty where it comes from elsewhere.
	Hostname     string
	HostnameFile string
	Interfaces   []network.Configured
	Mounts       []guest.WantedMount
	Swaps        []string // as fstab names them
	// Agent says that it starts QEMU's guest agent.
	Agent bool
}

// Read reads it from the guest's files.
func Read(e *edit.Reader) (Expected, error) {
	var wanted Expected
	var err error
	if wanted.Hostname, wanted.HostnameFile, err = readHostname(e); err != nil {
		return Expected{}, err
	}
	if wanted.Interfaces, err = network.ReadConfigured(e); err != nil {
		return Expected{}, err
	}
	if wanted.Agent, err = hasAgent(e); err != nil {
		return Expected{}, err
	}
	fstab, _, err := e.Read(fstabPath)
	if err != nil {
		return Expected{}, err
	}
	tables := guest.ParseTables(fstab, "")
	wanted.Mounts, wanted.Swaps = tables.WantedMounts(), tables.WantedSwaps()
	for n := range wanted.Mounts {
		wanted.Mounts[n].Path = followed(e, wanted.Mounts[n].Path)
	}
	return wanted, nil
}

// followed is a path as the kernel tells it of what is mounted there.
func followed(e *edit.Reader, name string) string {
	lstat := func(name string) (fs.FileMode, error) {
		info, err := e.Lstat(name)
		return info.Mode, err
	}
	// Below /run, most is there only once the guest runs.
	resolved, _ := guest.FollowLinks(name, true, lstat, e.Readlink)
	return resolved
}

const fstabPath = "/etc/fstab"

// hostnameFiles are where a host name stands, by the distributions' age: in a file
// of its own, or as an assignment.
var hostnameFiles = []struct{ path, key string }{
	{"/etc/hostname", ""}, {"/etc/HOSTNAME", ""}, {"/etc/sysconfig/network", "HOSTNAME"}, {"/etc/conf.d/hostname", "hostname"},
}

func readHostname(e *edit.Reader) (name, file string, err error) {
	for _, candidate := range hostnameFiles {
		text, _, err := e.Read(candidate.path)
		if err != nil {
			return "", "", err
		}
		name := conf.Assignments(text)[candidate.key]
		if candidate.key == "" {
			name = firstLine(text)
		}
		if name != "" && !strings.HasPrefix(name, "localhost") {
			return name, candidate.path, nil
		}
	}
	return "", "", nil
}

// firstLine is the first that is no comment.
func firstLine(text string) string {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return line
		}
	}
	return ""
}

// addresses are those that are to be waited for.
func (w Expected) addresses() string {
	var all []string
	for _, i := range w.Interfaces {
		for _, address := range i.Addresses {
			all = append(all, address.String())
		}
	}
	return strings.Join(all, " ")
}
