package manifest

import (
	"path"
	"regexp"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

func (u *Users) check(c *collector) {
	if u == nil {
		return
	}
	names, uids := map[string]string{}, map[int]string{}
	use := func(at, name string) {
		if first, twice := names[name]; twice && name != "" {
			c.add(at, "the user %q is in %s already", name, first)
			return
		}
		names[name] = strings.TrimSuffix(at, ".name")
	}
	for n, user := range u.Create {
		at := element("configuration.users.create", n)
		user.check(c, at)
		use(at+".name", user.Name)
		if user.UID == nil {
			continue
		}
		if first, twice := uids[*user.UID]; twice {
			c.add(at+".uid", "%d is the uid of %s already", *user.UID, first)
		}
		uids[*user.UID] = at
	}
	for _, list := range []struct {
		at    string
		names []string
	}{{"configuration.users.disable", u.Disable}, {"configuration.users.delete", u.Delete}} {
		for n, name := range list.names {
			at := element(list.at, n)
			checkAccountName(c, at, name)
			use(at, name)
		}
	}
}

// accountName matches user and group names that every distribution's tools take.
var accountName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,31}$`)

const accountNameRule = "use up to 32 letters, digits, '_', '-' and '.', with a letter or '_' first"

func checkAccountName(c *collector, at, name string) {
	if !accountName.MatchString(name) {
		c.add(at, "%q is not a user name: %s", name, accountNameRule)
	}
}

// The ids that Linux reserves: 65534 is nobody, 65535 and 4294967295 mean "no id".
const (
	maxID     = 4294967294
	nobodyID  = 65534
	noID16Bit = 65535
)

func (u User) check(c *collector, at string) {
	checkAccountName(c, at+".name", u.Name)
	if u.UID != nil && (*u.UID < 1 || int64(*u.UID) > maxID || *u.UID == nobodyID || *u.UID == noID16Bit) {
		c.add(at+".uid", "%d cannot be a user's uid: use 1 to 4294967294 without 65534 and 65535 (people have 1000 and more)", *u.UID)
	}
	if u.GID != nil && (*u.GID < 0 || int64(*u.GID) > maxID || *u.GID == noID16Bit) {
		c.add(at+".gid", "%d cannot be a group's gid: use 0 to 4294967294 without 65535", *u.GID)
	}
	if strings.Contains(u.Comment, ":") || hasControl(u.Comment) {
		c.add(at+".comment", "%q holds a colon or a control character", u.Comment)
	}
	if u.Home != "" && !isPlainPath(u.Home) {
		c.add(at+".home", "%q is not the absolute path of a directory, such as /home/web", u.Home)
	}
	if u.Password != "" && !isCryptHash(u.Password) {
		// What was given may be the password itself and must not be shown.
		c.add(at+".password", `is not a crypt(3) hash: passwords are never taken in plain text; make a hash with "openssl passwd -6" (or "mkpasswd -m yescrypt")`)
	}
	u.checkGroups(c, at+".groups")
	if u.Shell != "" && !isPlainPath(u.Shell) {
		c.add(at+".shell", "%q is not the absolute path of a shell, such as /bin/bash", u.Shell)
	}
	for n, key := range u.SSHAuthorizedKeys {
		if _, err := conf.ParseAuthorizedKey(key); err != nil {
			c.add(element(at+".ssh_authorized_keys", n), "%v", err)
		}
	}
	for n, rule := range u.Sudo {
		if hasControl(strings.ReplaceAll(rule, "\t", " ")) || !sudoRule.MatchString(rule) {
			c.add(element(at+".sudo", n), `%q is not a sudo rule without its user, such as "ALL=(ALL) NOPASSWD: ALL"`, rule)
		}
	}
}

// isPlainPath reports whether a path is absolute, clean and fit for a line of
// /etc/passwd.
func isPlainPath(name string) bool {
	return path.IsAbs(name) && path.Clean(name) == name && !hasControl(name) && !strings.ContainsAny(name, ": ")
}

func (u User) checkGroups(c *collector, at string) {
	seen := map[string]bool{}
	for n, group := range u.Groups {
		switch {
		case !accountName.MatchString(group):
			c.add(element(at, n), "%q is not a group name: %s", group, accountNameRule)
		case seen[group]:
			c.add(element(at, n), "the group %q is there twice", group)
		}
		seen[group] = true
	}
}

// cryptHash matches the modular formats of crypt(5): $id$ and what follows, of
// the characters that may stand in a shadow file. The old DES hashes have no
// such mark and cannot be told from a password.
var cryptHash = regexp.MustCompile(`^\$(1|2[abxy]?|3|5|6|7|y|gy|md5|sha1)[$,]["-)+-9<-\[\]-~]+$`)

// isCryptHash reports whether a password is a hash, or one of the marks of an
// account without password login ("!", "*", or a hash that "!" locks).
func isCryptHash(password string) bool {
	hash := strings.TrimLeft(password, "!*")
	return hash == "" || cryptHash.MatchString(hash)
}

// sudoRule matches the part of a user specification of sudoers(5) behind the
// user: hosts = (runas) tags commands. The guest's visudo checks the rest.
var sudoRule = regexp.MustCompile(`^\s*[^=\s,:()]+(\s*,\s*[^=\s,:()]+)*\s*=\s*(\([^()]*\)\s*)?([A-Z_]+:\s*)*\S.*$`)
