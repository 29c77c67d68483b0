package edit

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

func TestLabel(t *testing.T) {
	t.Parallel()
	const contexts = "/etc/selinux/targeted/contexts/files/file_contexts"
	const setfiles = "/usr/sbin/setfiles " + contexts + " /etc/a"
	enforcing := map[string]string{
		"/etc/a": "a", "/boot/efi/b": "b", contexts: "x", "/usr/sbin/setfiles": "x",
		"/etc/selinux/config": "# x\nSELINUX=enforcing\nSELINUXTYPE=targeted\n",
	}
	with := func(changes map[string]string) map[string]string {
		files := map[string]string{}
		for name, text := range enforcing {
			files[name] = text
		}
		for name, text := range changes {
			files[name] = text
			if text == "" {
				delete(files, name)
			}
		}
		return files
	}
	tests := map[string]struct {
		files map[string]string
		err   error
		want  []string // changes
	}{
		"enforcing":   {files: with(nil), want: []string{"command /usr/sbin/setfiles"}},
		"disabled":    {files: with(map[string]string{"/etc/selinux/config": "SELINUX=disabled\n"})},
		"none":        {files: with(map[string]string{"/etc/selinux/config": ""})},
		"blanks":      {files: with(map[string]string{"/etc/selinux/config": "SELINUX = 'permissive'\n"}), want: []string{"command /usr/sbin/setfiles"}},
		"no setfiles": {files: with(map[string]string{"/usr/sbin/setfiles": ""}), want: []string{"created /.autorelabel"}},
		"no policy":   {files: with(map[string]string{contexts: ""}), want: []string{"created /.autorelabel"}},
		"it fails":    {files: with(nil), err: errors.New("exit status 1"), want: []string{"created /.autorelabel"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEditor(t, Guest{
				FS:     guesttest.New(t, tt.files),
				Runner: &guesttest.Runner{Answers: map[string]guesttest.Answer{setfiles: {Err: tt.err}}},
				Mounts: []guest.Mount{{Path: "/", FSType: "xfs"}, {Path: "/boot/efi", FSType: "vfat"}},
			}, false)
			err := e.orAtBoot(label(t.Context(), e, []string{"/etc/a", "/boot/efi/b", "/etc/gone", "/etc/a"}))
			if err != nil {
				t.Fatal(err)
			}
			changes, warnings := e.Take()
			var got []string
			for _, c := range changes {
				got = append(got, c.Action+" "+c.Path)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			asked := len(tt.want) > 0 && strings.Contains(tt.want[0], autorelabel)
			now := newEditor(t, Guest{
				FS: guesttest.New(t, tt.files), Runner: &guesttest.Runner{Answers: map[string]guesttest.Answer{setfiles: {Err: tt.err}}},
				Mounts: []guest.Mount{{Path: "/", FSType: "xfs"}},
			}, false)
			now.Record(report.Change{Path: "/etc/a", Action: report.ActionCreated})
			if err := now.LabelNow(t.Context()); (err != nil) != asked || now.Exists(autorelabel) {
				t.Errorf("what is to be labelled now: %v, want an error: %t", err, asked)
			}
			if (len(warnings) == 1) != asked {
				t.Errorf("warnings = %v", warnings)
			}
		})
	}
}

func TestLabelGoesByWhatWasChanged(t *testing.T) {
	t.Parallel()
	const setfiles = "/usr/sbin/setfiles /etc/selinux/targeted/contexts/files/file_contexts "
	runner := &guesttest.Runner{Answers: map[string]guesttest.Answer{
		setfiles + "/etc/new /etc/new/a /var/lib/hyper2kvm": {},
		setfiles + "/boot /etc /var/lib/hyper2kvm":          {},
		"tool": {},
	}}
	e := newEditor(t, Guest{Runner: runner, FS: guesttest.New(t, map[string]string{
		"/etc/b": "b", "/boot": "dir", "/usr/sbin/setfiles": "#!", "/etc/selinux/config": "SELINUX=enforcing\n",
		"/etc/selinux/targeted/contexts/files/file_contexts": "x",
	})}, true)
	for _, change := range []func() error{
		func() error { return nil },
		func() error { return errors.Join(e.Remove("/etc/b", ""), e.Write("/etc/new/a", "a", 0o644, "")) },
		func() error { return nil },
		func() error { return e.Command(t.Context(), "", "tool") },
	} {
		if err := errors.Join(change(), e.Label(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	if _, warnings := e.Take(); len(warnings) > 0 || len(runner.Calls()) != 3 {
		t.Errorf("calls %q, warnings %v", runner.Calls(), warnings)
	}
}
