package manifest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	outputMode  = regexp.MustCompile(`^0?6[0246]{2}$`)
	outputOwner = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_.@-]*\$?|[0-9]{1,9})?(:([A-Za-z_][A-Za-z0-9_.@-]*\$?|[0-9]{1,9}))?$`)
)

// FileMode is output.mode, and false where none is given.
func (o Output) FileMode() (fs.FileMode, bool) {
	mode, err := strconv.ParseUint(o.Mode, 8, 32)
	return fs.FileMode(mode), err == nil
}

// Unchanged stands for an owner or a group that stays as it is (chown(2)).
const Unchanged = -1

// Ownership is output.owner as numbers of this host. Each is Unchanged where it is
// not given.
func (o Output) Ownership() (uid, gid int, err error) {
	name, group, _ := strings.Cut(o.Owner, ":")
	if uid, err = number(name, func(name string) (string, error) {
		found, err := user.Lookup(name)
		if err != nil {
			return "", errors.New("this host has no user " + name)
		}
		return found.Uid, nil
	}); err != nil {
		return Unchanged, Unchanged, err
	}
	gid, err = number(group, func(name string) (string, error) {
		found, err := user.LookupGroup(name)
		if err != nil {
			return "", errors.New("this host has no group " + name)
		}
		return found.Gid, nil
	})
	return uid, gid, err
}

func number(name string, find func(name string) (string, error)) (int, error) {
	if name == "" {
		return Unchanged, nil
	}
	if n, err := strconv.Atoi(name); err == nil {
		return n, nil
	}
	digits, err := find(name)
	if err != nil {
		return Unchanged, err
	}
	n, err := strconv.Atoi(digits)
	if err != nil {
		return Unchanged, fmt.Errorf("%s has the number %q on this host", name, digits)
	}
	return n, nil
}

// checkOwner refuses an owner that this host does not know, or that whoever runs
// this may not give files to.
func (o Output) checkOwner(c *collector) {
	if o.Owner == "" {
		return
	}
	c = c.given(outputsRestOn...)
	uid, gid, err := o.Ownership()
	if err != nil {
		c.add("output.owner", "%v: name one that it has, or give the number", err)
		return
	}
	me := os.Geteuid()
	if me == 0 {
		return
	}
	if uid != Unchanged && uid != me {
		c.add("output.owner", "only root can give files to %q: migrate as root or as that user, or give a group alone and output.mode", o.Owner)
		return
	}
	groups, err := os.Getgroups()
	if err == nil && gid != Unchanged && gid != os.Getegid() && !slices.Contains(groups, gid) {
		c.add("output.owner", "whoever migrates is not in the group of %q, and cannot give files to it: add the user to the group, or migrate as root", o.Owner)
	}
}
