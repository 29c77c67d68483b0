package fix

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

func TestRelabel(t *testing.T) {
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
		"no setfiles": {files: with(map[string]string{"/usr/sbin/setfiles": ""}), want: []string{"created /.autorelabel"}},
		"no policy":   {files: with(map[string]string{contexts: ""}), want: []string{"created /.autorelabel"}},
		"it fails":    {files: with(nil), err: errors.New("exit status 1"), want: []string{"created /.autorelabel"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := Target{
				FS:     guesttest.New(t, tt.files),
				Runner: &guest.FakeRunner{Answers: map[string]guest.FakeAnswer{setfiles: {Err: tt.err}}},
				Mounts: []guest.Mount{{Path: "/", FSType: "xfs"}, {Path: "/boot/efi", FSType: "vfat"}},
			}
			changes, warnings, err := Relabel(t.Context(), target, []string{"/etc/a", "/boot/efi/b", "/etc/gone", "/etc/a"})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range changes {
				got = append(got, c.Action+" "+c.Path)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			asked := len(tt.want) > 0 && strings.Contains(tt.want[0], autorelabel)
			if (len(warnings) == 1) != asked {
				t.Errorf("warnings = %v", warnings)
			}
		})
	}
}

func TestRunLabelsWhatItMakes(t *testing.T) {
	t.Parallel()
	target := testTarget(t, map[string]string{
		"/etc/fstab": "/dev/sda2 / ext4 defaults 0 1\n", "/usr/sbin/setfiles": "x",
		"/etc/selinux/config": "SELINUX=permissive\n", "/etc/selinux/targeted/contexts/files/file_contexts": "x",
	})
	runner := &guest.FakeRunner{Answers: map[string]guest.FakeAnswer{
		"/usr/sbin/setfiles /etc/selinux/targeted/contexts/files/file_contexts /etc/fstab /var/lib/hyper2kvm": {},
	}}
	target.Runner = runner
	options := Options{Backup: true, FstabMode: FstabStabilizeAll}
	for range 2 { // the second run changes nothing and has nothing to label
		if _, _, err := Run(t.Context(), target, options); err != nil {
			t.Fatal(err)
		}
	}
	if calls := runner.Calls(); len(calls) != 1 {
		t.Errorf("commands = %v, want setfiles once", calls)
	}
	if _, err := target.FS.Stat(autorelabel); err == nil {
		t.Error("the guest was told to relabel itself")
	}
}
