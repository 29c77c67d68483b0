package inject

import (
	"errors"
	"fmt"
	"strconv"
)

// planUsers plans the accounts. New ones come last, so that they may take ids
// that a removed one had.
func planUsers(p *plan, o Options) error {
	u := o.Users
	if len(u.Create)+len(u.Disable)+len(u.Delete) == 0 {
		return nil
	}
	a, err := p.readAccounts()
	if err != nil {
		return err
	}
	var errs []error
	for i, name := range u.Delete {
		errs = append(errs, p.deleteUser(a, attribute(attrDelete, i, ""), name))
	}
	for _, name := range u.Disable {
		p.disableUser(a, name)
	}
	reserved := map[int]string{}
	for _, user := range u.Create {
		if user.UID != nil {
			reserved[*user.UID] = user.Name
		}
	}
	for i, user := range u.Create {
		errs = append(errs, p.createUser(a, i, user, reserved))
	}
	a.write(p)
	return errors.Join(errs...)
}

// disableUser locks the password and lets the account expire: a locked
// password alone still lets SSH keys in.
func (p *plan) disableUser(a *accounts, name string) {
	if _, ok := a.passwd.find(name); !ok {
		p.warn(fmt.Sprintf("the guest has no user %q to disable%s", name, suggestion(name, a.userNames())), "")
		return
	}
	fields, ok := []string(nil), false
	if a.shadow != nil {
		fields, ok = a.shadow.find(name)
	}
	if !ok {
		p.warn(fmt.Sprintf("user %q has no entry in /etc/shadow and was not disabled", name), "remove the user's shell or delete the user")
		return
	}
	if hash := fields[shadowHash]; hash == "" || hash[0] != '!' {
		fields[shadowHash] = "!" + hash
	}
	fields[shadowExpire] = "1"
	a.shadow.set(fields...)
	a.note("/etc/shadow", "disable user %s", name)
}

// deleteUser removes an account and its own group. Its files stay.
func (p *plan) deleteUser(a *accounts, attr, name string) error {
	fields, ok := a.passwd.find(name)
	if !ok {
		p.warn(fmt.Sprintf("the guest has no user %q to delete%s", name, suggestion(name, a.userNames())), "")
		return nil
	}
	uid, err := strconv.Atoi(fields[passwdUID])
	if err != nil || uid < a.defs.number("UID_MIN", 1000) {
		return fmt.Errorf("%s: %q is a system account (uid %s) that the guest may need; disable it instead", attr, name, fields[passwdUID])
	}
	gid := fields[passwdGID]
	a.passwd.remove(name)
	a.note("/etc/passwd", "delete user %s, leaving %s", name, fields[passwdHome])
	for path, f := range map[string]*colonFile{"/etc/shadow": a.shadow, "/etc/subuid": a.subuid, "/etc/subgid": a.subgid} {
		if f != nil {
			f.remove(name)
			a.note(path, "delete user %s", name)
		}
	}
	a.removeMember(name)
	group, ok := a.group.find(name)
	if !ok || group[groupGID] != gid || group[groupMembers] != "" {
		return nil
	}
	for _, other := range a.passwd.entries() {
		if other[passwdGID] == gid {
			return nil
		}
	}
	a.group.remove(name)
	a.note("/etc/group", "delete group %s", name)
	if a.gshadow != nil {
		a.gshadow.remove(name)
		a.note("/etc/gshadow", "delete group %s", name)
	}
	return nil
}

func (a *accounts) userNames() []string {
	var names []string
	for _, fields := range a.passwd.entries() {
		names = append(names, fields[0])
	}
	return names
}
