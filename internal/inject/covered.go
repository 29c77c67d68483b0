package inject

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// checkCovered refuses a directory over which the guest mounts something that is not
// mounted now, as a share or a bind: what is written there, nobody sees any more.
func checkCovered(p *plan, attr, directory string) error {
	over, covered := p.coveredBy(directory)
	if !covered {
		return nil
	}
	what := "set home to a directory on the guest's own disks over which nothing is mounted; or leave the user and the keys to a script of first_boot"
	if over.Bound != "" {
		below := strings.TrimPrefix(p.resolve(directory), p.resolve(over.Path))
		if _, covered := p.coveredBy(over.Bound); !covered && p.isDirectory(over.Bound) {
			what = fmt.Sprintf("set home to %q, which is the same directory", path.Join(over.Bound, below))
		}
	}
	return remedy.With(fmt.Errorf("%s: %s cannot be written: the guest's /etc/fstab mounts over it, when it boots, what is not mounted during a migration (%s)",
		attr, directory, over.Line), what)
}

// coveredBy is the deepest mount of the guest's boot over a path, if it is not
// mounted now.
func (p *plan) coveredBy(name string) (guest.BootMount, bool) {
	name = p.resolve(name)
	deepest, depth := guest.BootMount{}, 0
	for _, mount := range guest.ParseTables(p.mustRead("/etc/fstab"), "").BootMounts() {
		at := p.resolve(mount.Path)
		if mount.Bound != "" && p.resolve(mount.Bound) == at { // for its options: it shows the same
			continue
		}
		if (name == at || strings.HasPrefix(name, at+"/")) && len(at) >= depth {
			deepest, depth = mount, len(at)
		}
	}
	mounted := slices.ContainsFunc(p.edit.Mounts(), func(m guest.Mount) bool { return m.Path == deepest.Path })
	return deepest, depth > 0 && !mounted
}

// resolve follows symbolic links as far as there is something.
func (p *plan) resolve(name string) string {
	lstat := func(name string) (fs.FileMode, error) {
		info, err := p.edit.Lstat(name)
		return info.Mode, err
	}
	resolved, _ := guest.FollowLinks(name, true, lstat, p.edit.Readlink)
	return resolved
}
