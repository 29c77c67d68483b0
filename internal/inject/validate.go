package inject

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
)

// Validate checks all that needs no guest and returns every problem at once.
// An error names the attribute and never holds a secret.
func (o Options) Validate() error {
	return errors.Join(
		o.Users.validate(),
		o.Services.validate(),
		o.Hostname.validate(),
		o.Network.validate(),
		validateScripts(o.FirstBoot),
	)
}

// maxID is the highest uid and gid; (uid_t)-1 means "leave as it is".
const maxID = 1<<32 - 2

// accountName is what useradd(8) takes, and capitals, which some systems do.
var accountName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,31}$`)

func (u Users) validate() error {
	var errs []error
	seen := map[string]string{}
	use := func(attr, name string) {
		if !accountName.MatchString(name) {
			errs = append(errs, fmt.Errorf("%s: %q is no account name: it takes a letter or _ and then up to 31 letters, digits, _, . and -", attr, name))
		}
		if other, ok := seen[name]; ok {
			errs = append(errs, fmt.Errorf("%s: %s names the account %q too; name it once", attr, other, name))
		}
		seen[name] = attr
	}
	uids := map[int]string{}
	for i, user := range u.Create {
		use(attribute(attrCreate, i, "name"), user.Name)
		errs = append(errs, user.validate(i)...)
		if user.UID == nil {
			continue
		}
		if other, ok := uids[*user.UID]; ok {
			errs = append(errs, fmt.Errorf("%s: uid %d is already that of %q; give each user its own", attribute(attrCreate, i, "uid"), *user.UID, other))
		}
		uids[*user.UID] = user.Name
	}
	for i, name := range u.Disable {
		use(attribute(attrDisable, i, ""), name)
	}
	for i, name := range u.Delete {
		use(attribute(attrDelete, i, ""), name)
	}
	return errors.Join(errs...)
}

func (u User) validate(index int) []error {
	var errs []error
	fail := func(field, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %w", attribute(attrCreate, index, field), fmt.Errorf(format, args...)))
	}
	for field, id := range map[string]*int{"uid": u.UID, "gid": u.GID} {
		if id != nil && (*id < 0 || *id > maxID || *id == 65535) {
			fail(field, "%d is no usable id; take one from 1000 to 60000", *id)
		}
	}
	if strings.ContainsAny(u.Comment, ":\n\r\x00") {
		fail("comment", "a comment holds no colon and no line break")
	}
	if u.Home != "" && !isPlainPath(u.Home) {
		fail("home", "%q is no absolute path without colons, blanks and ..", u.Home)
	}
	if u.Shell != "" && !isPlainPath(u.Shell) {
		fail("shell", "%q is no absolute path without colons, blanks and ..", u.Shell)
	}
	if err := checkHash(u.Password); err != nil {
		fail("password", "%w", err)
	}
	for _, group := range u.Groups {
		if !accountName.MatchString(group) {
			fail("groups", "%q is no group name", group)
		}
	}
	for i, key := range u.SSHAuthorizedKeys {
		if _, err := parseAuthorizedKey(key); err != nil {
			fail(fmt.Sprintf("ssh_authorized_keys[%d]", i), "%w", err)
		}
	}
	for i, rule := range u.Sudo {
		if err := checkSudoRule(rule); err != nil {
			fail(fmt.Sprintf("sudo[%d]", i), "%w", err)
		}
	}
	return errs
}

// isPlainPath reports whether a path is absolute, clean and fit for a line of
// passwd(5).
func isPlainPath(name string) bool {
	return path.IsAbs(name) && path.Clean(name) == name && !strings.ContainsAny(name, ": \t\n\r\x00")
}

// unitName is the characters of systemd.unit(5) and of init scripts.
var unitName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9:_.\\@-]{0,254}$`)

func (s Services) validate() error {
	var errs []error
	wanted := map[string]string{}
	for _, list := range []struct {
		attr  string
		names []string
	}{{attrEnable, s.Enable}, {attrServiceDisable, s.Disable}, {attrMask, s.Mask}} {
		for i, name := range list.names {
			attr := attribute(list.attr, i, "")
			if !unitName.MatchString(name) {
				errs = append(errs, fmt.Errorf("%s: %q is no name of a unit or service", attr, name))
				continue
			}
			unit := withSuffix(name)
			// Disabling and masking the same unit agree with each other.
			if other, ok := wanted[unit]; ok && (other == attrEnable) != (list.attr == attrEnable) {
				errs = append(errs, fmt.Errorf("%s: %q is in %s too; remove it from one", attr, name, other))
			}
			wanted[unit] = list.attr
		}
	}
	return errors.Join(errs...)
}

// scriptName leads to no other directory and sorts as it reads.
var scriptName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)

func validateScripts(scripts []Script) error {
	var errs []error
	seen := map[string]bool{}
	for i, script := range scripts {
		if !scriptName.MatchString(script.Name) {
			errs = append(errs, fmt.Errorf("%s: %q is no script name: it takes up to 64 letters, digits, _, . and -", attribute(attrFirstBoot, i, "name"), script.Name))
		}
		if seen[script.Name] {
			errs = append(errs, fmt.Errorf("%s: two scripts are called %q; give each its own name", attribute(attrFirstBoot, i, "name"), script.Name))
		}
		seen[script.Name] = true
		if strings.TrimSpace(script.Content) == "" {
			errs = append(errs, fmt.Errorf("%s: the script is empty", attribute(attrFirstBoot, i, "content")))
		}
	}
	return errors.Join(errs...)
}
