package inject

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// warnRefused tells why sshd will not let a user in by the keys that are given. A
// Match block may say otherwise.
func (u *userPlanner) warnRefused(user manifest.User, by owner) {
	if len(user.SSHAuthorizedKeys) == 0 {
		return
	}
	refuse := func(why, remedy string) {
		u.plan.warn(report.ConcernSSHKeys, fmt.Sprintf("%s: it refuses the keys of %q", why, user.Name), remedy)
	}
	if files := u.sshd["authorizedkeysfile"]; len(files) > 0 &&
		!slices.ContainsFunc(files[0], func(file string) bool { return strings.TrimPrefix(file, "%h/") == ".ssh/authorized_keys" }) {
		refuse("sshd in the guest has AuthorizedKeysFile set to another file than .ssh/authorized_keys", "add .ssh/authorized_keys to AuthorizedKeysFile in the guest")
	}
	// Without PAM sshd lets nobody in whose password field begins with "!". Its own
	// default is no.
	shadow, ok := u.accounts.shadow.find(user.Name)
	if ok && strings.HasPrefix(shadow[shadowHash], "!") && u.sshd != nil && u.sshd.value("usepam") != "yes" {
		refuse(fmt.Sprintf("the password of %q is locked, and sshd in the guest does not use PAM", user.Name),
			"set password to \"*\", which no password matches and which locks nothing; or to a hash")
	}
	if u.sshd.value("pubkeyauthentication") == "no" {
		refuse("sshd in the guest has PubkeyAuthentication set to no", "set PubkeyAuthentication to yes in the guest")
	}
	if by.uid == 0 && u.sshd.value("permitrootlogin") == "no" {
		refuse("sshd in the guest has PermitRootLogin set to no", "set PermitRootLogin to prohibit-password in the guest; or give the keys to another user, with sudo rules")
	}
	groups := u.groupsOf(user.Name, by.gid)
	for _, list := range []struct {
		keyword string
		names   []string
		allows  bool
		remedy  string
	}{
		{"DenyUsers", []string{user.Name}, false, fmt.Sprintf("take %q out of DenyUsers in the guest", user.Name)},
		{"AllowUsers", []string{user.Name}, true, fmt.Sprintf("add %q to AllowUsers in the guest", user.Name)},
		{"DenyGroups", groups, false, "take the user's groups out of DenyGroups in the guest"},
		{"AllowGroups", groups, true, "name one of the groups of AllowGroups in the user's groups"},
	} {
		patterns := u.sshd.all(strings.ToLower(list.keyword))
		matches := slices.ContainsFunc(patterns, func(pattern string) bool { return matchesName(pattern, list.names, list.allows) })
		if len(patterns) > 0 && matches != list.allows {
			refuse(fmt.Sprintf("sshd in the guest has %s set to %s", list.keyword, quotedList(patterns)), list.remedy)
		}
	}
}

// groupsOf are the names of the groups that a user will have.
func (u *userPlanner) groupsOf(user string, gid int) []string {
	var names []string
	for _, fields := range u.accounts.group.entries() {
		if fields[groupGID] == strconv.Itoa(gid) || slices.Contains(splitMembers(fields[groupMembers]), user) {
			names = append(names, fields[0])
		}
	}
	return names
}

// matchesName reports whether a pattern of sshd's lists is for one of the names. One
// with a host, USER@HOST, is so only from some hosts.
func matchesName(pattern string, names []string, fromSomeHosts bool) bool {
	pattern, _, withHost := strings.Cut(pattern, "@")
	return (!withHost || fromSomeHosts) && slices.ContainsFunc(names, func(name string) bool {
		ok, _ := path.Match(pattern, name)
		return ok
	})
}
