package inject

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// create plans one account: its entries in the account files, its home,
// its keys and its sudo rules.
func (u *userPlanner) create(index int, user manifest.User, reserved map[int]string) error {
	attr := func(field string) string { return attribute(attrCreate, index, field) }
	if user.Shell != "" {
		if err := checkShell(u.plan, user.Shell); err != nil {
			return fmt.Errorf("%s: %w", attr("shell"), err)
		}
	}
	if u.accounts.shadow == nil {
		return errors.New("the guest has no /etc/shadow: passwords cannot be stored in it safely; run pwconv in the guest first")
	}
	fields, exists := u.accounts.passwd.find(user.Name)
	var err error
	if exists {
		err = u.updateEntry(index, user, fields)
	} else {
		fields, err = u.newEntry(index, user, reserved)
	}
	if err != nil {
		return err
	}
	u.setPassword(user)
	for _, group := range user.Groups {
		if err := u.ensureGroup(attr("groups"), group); err != nil {
			return err
		}
		u.accounts.addMember(group, user.Name)
	}
	by := owner{}
	if by.uid, err = strconv.Atoi(fields[passwdUID]); err == nil {
		by.gid, err = strconv.Atoi(fields[passwdGID])
	}
	if err != nil {
		return fmt.Errorf("%s: the guest's /etc/passwd has no numeric ids for %q; repair the entry", attr("name"), user.Name)
	}
	u.warnRefused(user, by)
	if !exists || user.Home != "" || len(user.SSHAuthorizedKeys) > 0 { // daemons have homes that are not there
		u.homes = append(u.homes, plannedHome{attr("home"), fields[passwdHome]})
		if err := planHome(u.plan, index, user, fields[passwdHome], by, !exists); err != nil {
			return err
		}
	}
	return errors.Join(planKeys(u.plan, index, user, fields[passwdHome], by), planSudo(u.plan, index, user, u.rulesChecked))
}

// checkShell refuses a shell that the guest does not have.
func checkShell(p *plan, shell string) error {
	info, err := p.edit.Stat(shell)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the guest has no %s; name a shell that is installed there", shell)
	case err != nil:
		return fmt.Errorf("looking at %s in the guest: %w", shell, err)
	case !info.Mode.IsRegular() || info.Mode&0o111 == 0:
		return fmt.Errorf("%s is no program in the guest; name a shell", shell)
	}
	return nil
}

// updateEntry changes what the user asks for in an existing account. Ids stay:
// files all over the guest belong to them.
func (u *userPlanner) updateEntry(index int, user manifest.User, fields []string) error {
	for _, id := range []struct {
		name  string
		want  *int
		field int
	}{{"uid", user.UID, passwdUID}, {"gid", user.GID, passwdGID}} {
		if id.want != nil && strconv.Itoa(*id.want) != fields[id.field] {
			return fmt.Errorf("%s: the guest's user %q has %s %s already; leave %s out, or delete that user and take another name",
				attribute(attrCreate, index, id.name), user.Name, id.name, fields[id.field], id.name)
		}
	}
	for _, value := range []struct {
		want  string
		field int
	}{{user.Comment, passwdComment}, {user.Home, passwdHome}, {user.Shell, passwdShell}} {
		if value.want != "" {
			fields[value.field] = value.want
		}
	}
	u.accounts.passwd.set(fields...)
	u.accounts.note("/etc/passwd", "update user %s", user.Name)
	if shadow, ok := u.accounts.shadow.find(user.Name); ok && shadow[shadowExpire] != "" {
		if days, err := strconv.Atoi(shadow[shadowExpire]); err == nil && int64(days) <= u.now.Unix()/86400 {
			u.plan.warn(report.ConcernUsers, fmt.Sprintf("the guest's user %q has expired and cannot log in", user.Name), fmt.Sprintf("run in the guest: chage -E -1 %s", user.Name))
		}
	}
	return nil
}

// newEntry adds an account to passwd, shadow, group and the subordinate ids.
func (u *userPlanner) newEntry(index int, user manifest.User, reserved map[int]string) ([]string, error) {
	uid, err := chooseUID(u.accounts, index, user, reserved)
	if err != nil {
		return nil, err
	}
	gid, err := u.choosePrimaryGroup(index, user, uid)
	if err != nil {
		return nil, err
	}
	home := user.Home
	if home == "" {
		home = path.Join("/", firstNonEmpty(u.accounts.defs["useradd HOME"], "/home"), user.Name)
	}
	fields := []string{user.Name, "x", strconv.Itoa(uid), strconv.Itoa(gid), user.Comment, home, firstNonEmpty(user.Shell, u.defaultShell())}
	u.accounts.passwd.set(fields...)
	u.accounts.note("/etc/passwd", "create user %s (uid %d)", user.Name, uid)
	hash := "!"
	if len(user.SSHAuthorizedKeys) > 0 {
		hash = "*" // matches no password either, and locks no keys out
	}
	u.accounts.shadow.set(user.Name, hash, u.accounts.today,
		firstNonEmpty(u.accounts.defs["PASS_MIN_DAYS"], "0"), firstNonEmpty(u.accounts.defs["PASS_MAX_DAYS"], "99999"), firstNonEmpty(u.accounts.defs["PASS_WARN_AGE"], "7"), "", "", "")
	u.accounts.note("/etc/shadow", "create user %s", user.Name)
	u.accounts.addSubordinate("/etc/subuid", u.accounts.subuid, "SUB_UID", user.Name)
	u.accounts.addSubordinate("/etc/subgid", u.accounts.subgid, "SUB_GID", user.Name)
	return fields, nil
}

func chooseUID(a *accounts, index int, user manifest.User, reserved map[int]string) (int, error) {
	used := ids(a.passwd, passwdUID)
	if user.UID != nil {
		if other, taken := used[*user.UID]; taken {
			return 0, fmt.Errorf("%s: uid %d is that of the guest's user %q; choose another, or leave uid out", attribute(attrCreate, index, "uid"), *user.UID, other)
		}
		return *user.UID, nil
	}
	for uid, name := range reserved {
		used[uid] = name
	}
	low, high := a.defs.number("UID_MIN", 1000), a.defs.number("UID_MAX", 60000)
	uid, ok := nextID(low, high, used)
	if !ok {
		return 0, fmt.Errorf("%s: the guest has no free uid from %d to %d; set one", attribute(attrCreate, index, "uid"), low, high)
	}
	return uid, nil
}

// choosePrimaryGroup finds or adds a new user's primary group.
func (u *userPlanner) choosePrimaryGroup(index int, user manifest.User, uid int) (int, error) {
	used := ids(u.accounts.group, groupGID)
	same, sameName := u.accounts.group.find(user.Name)
	if user.GID != nil {
		if _, ok := used[*user.GID]; ok {
			return *user.GID, nil
		}
		if sameName {
			return 0, fmt.Errorf("%s: no group of the guest has gid %d, and group %q, which would get it, has gid %s; choose an existing gid",
				attribute(attrCreate, index, "gid"), *user.GID, user.Name, same[groupGID])
		}
		u.accounts.addGroup(user.Name, *user.GID)
		return *user.GID, nil
	}
	if sameName {
		u.plan.warn(report.ConcernGroups, fmt.Sprintf("the guest has a group %q already: it is the primary group of the new user of that name", user.Name), "set gid to choose another group")
		return strconv.Atoi(same[groupGID])
	}
	if !u.accounts.defs.userGroups() {
		for _, name := range []string{u.accounts.defs["useradd GROUP"], "users"} {
			if gid, err := strconv.Atoi(name); err == nil {
				return gid, nil
			}
			if group, ok := u.accounts.group.find(name); ok && name != "" {
				return strconv.Atoi(group[groupGID])
			}
		}
	}
	gid := uid
	if _, taken := used[gid]; taken {
		low, high := u.accounts.defs.number("GID_MIN", 1000), u.accounts.defs.number("GID_MAX", 60000)
		var ok bool
		if gid, ok = nextID(low, high, used); !ok {
			return 0, fmt.Errorf("%s: the guest has no free gid from %d to %d; set one", attribute(attrCreate, index, "gid"), low, high)
		}
	}
	u.accounts.addGroup(user.Name, gid)
	return gid, nil
}

func (u *userPlanner) defaultShell() string {
	for _, shell := range []string{"/bin/bash", u.accounts.defs["useradd SHELL"], "/bin/ash"} {
		if shell != "" && u.plan.exists(shell) {
			return shell
		}
	}
	return "/bin/sh"
}

// setPassword puts the hash into shadow. Without one the account keeps what it
// has.
func (u *userPlanner) setPassword(user manifest.User) {
	if user.Password == "" {
		return
	}
	if message, remedy := hashWarning(user.Password, u.family); message != "" {
		u.plan.warn(report.ConcernPassword, fmt.Sprintf("user %q: %s", user.Name, message), remedy)
	}
	fields, ok := u.accounts.shadow.find(user.Name)
	if !ok {
		fields = []string{user.Name, "", "", "0", "99999", "7", "", "", ""}
	}
	if passwd, ok := u.accounts.passwd.find(user.Name); ok && passwd[1] != "x" {
		passwd[1] = "x" // or login would not look into shadow
		u.accounts.passwd.set(passwd...)
	}
	if fields[shadowHash] == user.Password {
		return
	}
	fields[shadowHash], fields[shadowChanged] = user.Password, u.accounts.today
	u.accounts.shadow.set(fields...)
	u.accounts.note("/etc/shadow", "set the password of %s", user.Name)
}

// ensureGroup makes a group that the guest does not have, and says so: it may
// be a typing error, and a group alone grants nothing.
func (u *userPlanner) ensureGroup(attr, name string) error {
	if _, ok := u.accounts.group.find(name); ok {
		return nil
	}
	low, high := u.accounts.defs.number("SYS_GID_MIN", 100), u.accounts.defs.number("SYS_GID_MAX", 999)
	gid, ok := systemID(low, high, ids(u.accounts.group, groupGID))
	if !ok {
		return fmt.Errorf("%s: the guest has no group %q and no free gid from %d to %d to make it", attr, name, low, high)
	}
	var names []string
	for _, fields := range u.accounts.group.entries() {
		names = append(names, fields[0])
	}
	remedy := ""
	for asked, meant := range map[string]string{"wheel": "sudo", "sudo": "wheel"} {
		if _, ok := u.accounts.group.find(meant); ok && asked == name {
			remedy = fmt.Sprintf("in this guest the group %q may use sudo; name that one, or set sudo rules", meant)
		}
	}
	u.plan.warn(report.ConcernGroups, fmt.Sprintf("the guest had no group %q; it was made, and grants nothing by itself%s", name, suggestion(name, names)), remedy)
	u.accounts.addGroup(name, gid)
	return nil
}

func firstNonEmpty(values ...string) string {
	for _, value := range values {
		if value != "" {
			return value
		}
	}
	return ""
}
