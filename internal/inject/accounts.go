package inject

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The indexes of the fields of passwd(5), shadow(5) and group(5).
const (
	passwdUID, passwdGID, passwdComment, passwdHome, passwdShell = 2, 3, 4, 5, 6
	shadowHash, shadowChanged, shadowExpire                      = 1, 2, 7
	groupGID, groupMembers                                       = 2, 3
	gshadowMembers                                               = 3
)

// accounts are the guest's account files. Files that the guest does not have
// are nil; passwd and group are never.
type accounts struct {
	defs                                           loginDefs
	passwd, shadow, group, gshadow, subuid, subgid *colonFile
	today                                          string // days since 1970
	notes                                          map[string][]string
	named                                          []string // users and groups of the manifest
}

// accountFiles are the paths, how many fields their lines have, and which
// field is a secret, if one is.
var accountFiles = []struct {
	path   string
	width  int
	secret int
	file   func(*accounts) **colonFile
}{
	{"/etc/passwd", 7, 1, func(a *accounts) **colonFile { return &a.passwd }},
	{"/etc/shadow", 9, 1, func(a *accounts) **colonFile { return &a.shadow }},
	{"/etc/group", 4, 1, func(a *accounts) **colonFile { return &a.group }},
	{"/etc/gshadow", 4, 1, func(a *accounts) **colonFile { return &a.gshadow }},
	{"/etc/subuid", 3, -1, func(a *accounts) **colonFile { return &a.subuid }},
	{"/etc/subgid", 3, -1, func(a *accounts) **colonFile { return &a.subgid }},
}

func readAccounts(p *plan, now time.Time) (*accounts, error) {
	a := &accounts{
		defs:  readLoginDefs(p),
		today: strconv.FormatInt(now.Unix()/int64(24*time.Hour/time.Second), 10),
		notes: map[string][]string{},
	}
	for _, f := range accountFiles {
		text, ok, err := p.read(f.path)
		if err != nil {
			return nil, err
		}
		if ok {
			*f.file(a) = parseColonFile(text, f.width)
		}
	}
	if a.passwd == nil || a.group == nil {
		return nil, errors.New("the guest has no /etc/passwd or no /etc/group: users cannot be changed")
	}
	return a, nil
}

// write stages the account files.
func (a *accounts) write(p *plan) {
	for _, f := range accountFiles {
		file := *f.file(a)
		if file == nil {
			continue
		}
		show := showAll
		if f.secret >= 0 {
			show = hideField(f.secret)
		}
		p.stage(f.path, change{kind: kindFile, content: file.String(), perm: 0o644, show: show, meant: meantAccounts(a.named)}, strings.Join(a.notes[f.path], "; "))
	}
}

func (a *accounts) note(path, format string, args ...any) {
	a.notes[path] = append(a.notes[path], fmt.Sprintf(format, args...))
}

// ids returns the ids in field of a file and whose they are.
func ids(f *colonFile, field int) map[int]string {
	used := map[int]string{}
	for _, fields := range f.entries() {
		if id, err := strconv.Atoi(fields[field]); err == nil {
			if _, ok := used[id]; !ok {
				used[id] = fields[0]
			}
		}
	}
	return used
}

// nextID is the id after the highest in use from low to high, as useradd(8)
// chooses it, or the first free one where the highest is taken.
func nextID(low, high int, used map[int]string) (int, bool) {
	highest := low - 1
	for id := range used {
		if id >= low && id <= high && id > highest {
			highest = id
		}
	}
	if highest < high {
		return highest + 1, true
	}
	for id := low; id <= high; id++ {
		if _, ok := used[id]; !ok {
			return id, true
		}
	}
	return 0, false
}

// systemID is the highest free id from low to high, as groupadd -r chooses it.
func systemID(low, high int, used map[int]string) (int, bool) {
	for id := high; id >= low; id-- {
		if _, ok := used[id]; !ok {
			return id, true
		}
	}
	return 0, false
}

// addGroup adds a group without members.
func (a *accounts) addGroup(name string, gid int) {
	a.group.set(name, "x", strconv.Itoa(gid), "")
	a.note("/etc/group", "group %s (gid %d)", name, gid)
	if a.gshadow != nil {
		a.gshadow.set(name, "!", "", "")
		a.note("/etc/gshadow", "group %s", name)
	}
}

// addMember makes user a member of an existing group.
func (a *accounts) addMember(group, user string) {
	change := func(path string, f *colonFile, field int) {
		fields, ok := f.find(group)
		if !ok {
			return
		}
		members := splitMembers(fields[field])
		if slices.Contains(members, user) {
			return
		}
		fields[field] = strings.Join(append(members, user), ",")
		f.set(fields...)
		a.note(path, "%s joins %s", user, group)
	}
	change("/etc/group", a.group, groupMembers)
	if a.gshadow != nil {
		change("/etc/gshadow", a.gshadow, gshadowMembers)
	}
}

// removeMember removes user from every group.
func (a *accounts) removeMember(user string) {
	for path, f := range map[string]*colonFile{"/etc/group": a.group, "/etc/gshadow": a.gshadow} {
		if f == nil {
			continue
		}
		for _, fields := range f.entries() {
			members := splitMembers(fields[groupMembers])
			if !slices.Contains(members, user) {
				continue
			}
			members = slices.DeleteFunc(members, func(m string) bool { return m == user })
			fields[groupMembers] = strings.Join(members, ",")
			f.set(fields...)
			a.note(path, "%s leaves %s", user, fields[0])
		}
	}
}

func splitMembers(field string) []string {
	return strings.FieldsFunc(field, func(r rune) bool { return r == ',' || r == ' ' })
}

// addSubordinate gives a new user a range of subordinate ids where the guest
// has such a file (subuid(5)).
func (a *accounts) addSubordinate(path string, f *colonFile, prefix, user string) {
	if f == nil {
		return
	}
	if _, ok := f.find(user); ok {
		return
	}
	count := a.defs.number(prefix+"_COUNT", 65536)
	start := a.defs.number(prefix+"_MIN", 100000)
	if count <= 0 {
		return
	}
	for _, fields := range f.entries() {
		first, err := strconv.Atoi(fields[1])
		if err != nil {
			continue
		}
		if length, err := strconv.Atoi(fields[2]); err == nil {
			start = max(start, first+length)
		}
	}
	if start+count-1 > a.defs.number(prefix+"_MAX", 600100000) {
		return
	}
	f.set(user, strconv.Itoa(start), strconv.Itoa(count))
	a.note(path, "subordinate ids of %s", user)
}
