package inject

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/distro"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// userPlanner stages accounts and what belongs to them.
type userPlanner struct {
	plan     *plan
	accounts *accounts
	sshd     sshdConfig
	family   distro.Family
	now      time.Time
	// rulesChecked says that visudo has seen the sudo rules already.
	rulesChecked bool
	homes        []plannedHome
}

// plannedHome is a home that is written to, by the attribute that names it.
type plannedHome struct{ attr, directory string }

// stage stages the accounts. New ones come last, so that they may take ids that
// a removed one had.
func (u *userPlanner) stage(wanted *manifest.Users) error {
	if wanted == nil || len(wanted.Create)+len(wanted.Disable)+len(wanted.Delete) == 0 {
		return nil
	}
	var err error
	if u.accounts, err = readAccounts(u.plan, u.now); err != nil {
		return err
	}
	u.sshd = readSSHDConfig(u.plan)
	u.accounts.named = slices.Concat(wanted.Delete, wanted.Disable)
	for _, user := range wanted.Create {
		u.accounts.named = append(append(u.accounts.named, user.Name), user.Groups...)
	}
	var errs []error
	for i, name := range wanted.Delete {
		errs = append(errs, u.delete(attribute(attrDelete, i, ""), name))
	}
	for _, name := range wanted.Disable {
		u.disable(name)
	}
	reserved := map[int]string{}
	for _, user := range wanted.Create {
		if user.UID != nil {
			reserved[*user.UID] = user.Name
		}
	}
	for i, user := range wanted.Create {
		errs = append(errs, u.create(i, user, reserved))
	}
	u.accounts.write(u.plan)
	return errors.Join(errs...)
}

// checkHomes refuses homes that nobody will see when the guest has booted. What it mounts
// then depends on the services that it starts.
func (u *userPlanner) checkHomes(s *services) error {
	if len(u.homes) == 0 {
		return nil
	}
	mounts := readBootMounts(u.plan, s)
	var errs []error
	for _, home := range u.homes {
		if home.directory != noHome {
			errs = append(errs, mounts.check(home.attr, home.directory))
		}
	}
	return errors.Join(errs...)
}

// disable locks the password and lets the account expire: a locked
// password alone still lets SSH keys in.
func (u *userPlanner) disable(name string) {
	if _, ok := u.accounts.passwd.find(name); !ok {
		u.plan.warn(report.ConcernUsers, fmt.Sprintf("the guest has no user %q to disable%s", name, suggestion(name, u.accounts.userNames())),
			"correct the name, or remove it from the configuration")
		return
	}
	fields, ok := []string(nil), false
	if u.accounts.shadow != nil {
		fields, ok = u.accounts.shadow.find(name)
	}
	if !ok {
		u.plan.warn(report.ConcernUsers, fmt.Sprintf("user %q has no entry in /etc/shadow and was not disabled", name), "remove the user's shell or delete the user")
		return
	}
	if hash := fields[shadowHash]; hash == "" || hash[0] != '!' {
		fields[shadowHash] = "!" + hash
	}
	fields[shadowExpire] = "1"
	u.accounts.shadow.set(fields...)
	u.accounts.note("/etc/shadow", "disable user %s", name)
}

// delete removes an account and its own group. Its files stay.
func (u *userPlanner) delete(attr, name string) error {
	fields, ok := u.accounts.passwd.find(name)
	if !ok {
		u.plan.warn(report.ConcernUsers, fmt.Sprintf("the guest has no user %q to delete%s", name, suggestion(name, u.accounts.userNames())),
			"correct the name, or remove it from the configuration")
		return nil
	}
	uid, err := strconv.Atoi(fields[passwdUID])
	if err != nil || uid < u.accounts.defs.number("UID_MIN", 1000) {
		return fmt.Errorf("%s: %q is a system account (uid %s) that the guest may need; disable it instead", attr, name, fields[passwdUID])
	}
	gid := fields[passwdGID]
	u.accounts.passwd.remove(name)
	u.accounts.note("/etc/passwd", "delete user %s, leaving %s", name, fields[passwdHome])
	for path, f := range map[string]*colonFile{"/etc/shadow": u.accounts.shadow, "/etc/subuid": u.accounts.subuid, "/etc/subgid": u.accounts.subgid} {
		if f != nil {
			f.remove(name)
			u.accounts.note(path, "delete user %s", name)
		}
	}
	u.accounts.removeMember(name)
	group, ok := u.accounts.group.find(name)
	if !ok || group[groupGID] != gid || group[groupMembers] != "" {
		return nil
	}
	for _, other := range u.accounts.passwd.entries() {
		if other[passwdGID] == gid {
			return nil
		}
	}
	u.accounts.group.remove(name)
	u.accounts.note("/etc/group", "delete group %s", name)
	if u.accounts.gshadow != nil {
		u.accounts.gshadow.remove(name)
		u.accounts.note("/etc/gshadow", "delete group %s", name)
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
