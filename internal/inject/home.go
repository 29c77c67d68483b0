package inject

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// noHome is the home of accounts that have none, which nobody must make.
const noHome = "/nonexistent"

// planHome stages a home directory with the guest's skeleton files. One that
// is there stays as it is.
func planHome(p *plan, index int, account manifest.User, home string, by owner, isNew bool) error {
	user := account.Name
	switch {
	case home == noHome && len(account.SSHAuthorizedKeys) > 0:
		return remedy.With(fmt.Errorf("%s: the home of user %q is %s, where sshd finds no keys", attribute(attrCreate, index, "ssh_authorized_keys"), user, noHome),
			"set home, too; or leave the keys out")
	case home == noHome:
		return nil
	}
	info, err := p.edit.Stat(home)
	switch {
	case err == nil && !info.Mode.IsDir():
		return fmt.Errorf("home of user %q: %s in the guest is no directory; set another home", user, home)
	case err == nil:
		if isNew && (info.UID != by.uid || info.GID != by.gid) {
			p.warn(report.ConcernUsers, fmt.Sprintf("%s existed already and belongs to uid %d: it was not given to the new user %q", home, info.UID, user),
				fmt.Sprintf("run in the guest: chown -R %s: %s", user, home))
		}
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("looking at %s in the guest: %w", home, err)
	}
	p.mkdir(home, 0o700, by, "home of "+user)
	return planSkeleton(p, "/etc/skel", home, by)
}

// planSkeleton stages copies of the files below from.
func planSkeleton(p *plan, from, to string, by owner) error {
	names, err := p.edit.ReadDir(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("listing %s in the guest: %w", from, err)
	}
	for _, name := range names {
		source, target := path.Join(from, name), path.Join(to, name)
		info, err := p.edit.Lstat(source)
		if err != nil {
			return fmt.Errorf("looking at %s in the guest: %w", source, err)
		}
		switch {
		case info.Mode.IsDir():
			p.mkdir(target, info.Mode.Perm(), by, "from "+from)
			if err := planSkeleton(p, source, target, by); err != nil {
				return err
			}
		case info.Mode.IsRegular():
			data, err := p.edit.ReadFile(source)
			if err != nil {
				return fmt.Errorf("reading %s in the guest: %w", source, err)
			}
			p.writeHidden(target, string(data), info.Mode.Perm(), by, "from "+from)
		case info.Mode&fs.ModeSymlink != 0:
			link, err := p.edit.Readlink(source)
			if err != nil {
				return fmt.Errorf("reading %s in the guest: %w", source, err)
			}
			p.symlink(link, target, "from "+from)
		}
	}
	return nil
}
