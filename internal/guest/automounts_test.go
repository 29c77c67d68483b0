package guest_test

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

func TestAutomounts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files map[string]string
		want  []string // points
	}{
		"no maps":              {nil, nil},
		"Debian's own":         {map[string]string{"/etc/auto.master": "#/misc\t/etc/auto.misc\n+dir:/etc/auto.master.d\n+auto.master\n"}, nil},
		"indirect":             {map[string]string{"/etc/auto.master": "/misc\t/etc/auto.misc\n/net -hosts\n/home/ ldap:x --ghost\n"}, []string{"/misc", "/net", "/home"}},
		"first entry counts":   {map[string]string{"/etc/auto.master": "/a -null\n/a x\n/b x\n/b y\n"}, []string{"/b"}},
		"several direct":       {map[string]string{"/etc/auto.master": "/- file:/etc/one\n/- file,sun:two\n", "/etc/one": "/x a:/x\n", "/etc/two": "/y \\\n  a:/y # y\n/z a:/z\n"}, []string{"/x", "/y", "/z"}},
		"keys of no path":      {map[string]string{"/etc/auto.master": "/- auto.x\n", "/etc/auto.x": "+auto.x\nalice a:/x\n* a:/&\n"}, nil},
		"map of NIS":           {map[string]string{"/etc/auto.master": "/- yp:auto.direct\n", "/etc/auto.direct": "/x a:/x\n"}, nil},
		"included file":        {map[string]string{"/etc/auto.master": "+/etc/more\n+file:/etc/most\n", "/etc/more": "/a x\n", "/etc/most": "/b x\n"}, []string{"/a", "/b"}},
		"included by itself":   {map[string]string{"/etc/auto.master": "/a x\n+/etc/auto.master\n"}, []string{"/a"}},
		"directory":            {map[string]string{"/etc/auto.master": "+dir:/etc/d\n", "/etc/d/1.autofs": "/- auto.x\n", "/etc/d/2.conf": "/b x\n", "/etc/auto.x": "/x a:/x\n"}, []string{"/x"}},
		"what is no entry":     {map[string]string{"/etc/auto.master": "/a\nb x\n\\\n \n"}, nil},
		"other directory":      {map[string]string{"/etc/autofs/auto.master": "/- auto.x\n", "/etc/autofs/auto.x": "/x a:/x\n"}, []string{"/x"}},
		"a map that is absent": {map[string]string{"/etc/auto.master": "/- auto.x\n"}, nil},
	} {
		var got []string
		mounts := guest.Automounts(guest.AutofsFiles{
			Read: func(name string) (string, bool) { text, ok := test.files[name]; return text, ok },
			List: func(directory string) (found []string) {
				for file := range test.files {
					if path.Dir(file) == directory {
						found = append(found, file)
					}
				}
				slices.Sort(found)
				return found
			},
		})
		for _, mount := range mounts {
			got = append(got, mount.Path)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// TestAutomountsReadsOnce: maps that include each other many times are each read once.
func TestAutomountsReadsOnce(t *testing.T) {
	t.Parallel()
	read := 0
	guest.Automounts(guest.AutofsFiles{
		Read: func(string) (string, bool) {
			read++
			return strings.Repeat("+/etc/auto.master\n+/etc/other\n/- /etc/direct\n", 5), read < 1000
		},
		List: func(string) []string { return nil },
	})
	if read > 4 {
		t.Errorf("maps were read %d times", read)
	}
}

func TestUnitMount(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text string
		want guest.BootMount
	}{
		"srv-a.mount":      {"[Mount]\nWhat=/dev/sdb1\nWhere=/srv/a\nType=ext4\n", guest.BootMount{Path: "/srv/a", Spec: "/dev/sdb1", Line: "/dev/sdb1 /srv/a ext4"}},
		"home.mount":       {"[Mount]\nWhat=/data/home/\nWhere=/home/\nOptions=ro,rbind\n", guest.BootMount{Path: "/home", Spec: "/data/home/", Bound: "/data/home", Line: "/data/home/ /home ro,rbind"}},
		"home.automount":   {"[Automount]\nWhere=/home\n", guest.BootMount{Path: "/home", Line: "/home"}},
		`a\x2db.automount`: {"[Automount]\nWhere=/a-b\n", guest.BootMount{Path: "/a-b", Line: "/a-b"}},
		"other.mount":      {"[Mount]\nWhat=x\nWhere=/home\n", guest.BootMount{}},
		"-.mount":          {"[Mount]\nWhat=x\nWhere=/\n", guest.BootMount{}},
		"none.mount":       {"[Unit]\n", guest.BootMount{}},
		"home.service":     {"[Mount]\nWhat=x\nWhere=/home\n", guest.BootMount{}},
	} {
		if test.want.Path != "" {
			test.want.File = "/etc/systemd/system/" + name
		}
		if got, ok := guest.UnitMount(name, "/etc/systemd/system/"+name, test.text); got != test.want || ok != (test.want.Path != "") {
			t.Errorf("%s: %+v %v, want %+v", name, got, ok, test.want)
		}
	}
}
