//go:build linux

package appliance

import (
	"errors"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

func TestExplainBuild(t *testing.T) {
	t.Setenv("TMPDIR", "/t")
	t.Setenv("LIBGUESTFS_CACHEDIR", "/c")
	failed := errors.New("/usr/bin/supermin exited with error status 1")
	for name, test := range map[string]struct {
		err          error
		said         string
		want, remedy string
	}{
		"another error":   {err: errors.New("no QEMU"), said: "No space left on device", want: "no QEMU"},
		"nothing is said": {err: failed, want: "the appliance could not be built: /usr/bin/supermin exited with error status 1"},
		"the cache is full": {
			err: failed, said: "supermin: error: statvfs: No space left on device: /c/.guestfs-0/appliance.d.92k0cwav/root\n",
			want:   "the appliance could not be built: statvfs: No space left on device: /c/.guestfs-0/appliance.d.92k0cwav/root",
			remedy: "free space in /c (LIBGUESTFS_CACHEDIR) and /t (TMPDIR), or let LIBGUESTFS_CACHEDIR name a directory with more",
		},
		"the other is full": {
			err:    failed,
			said:   "tar: usr/sbin/guestfsd: Wrote only 6144 of 10240 bytes\ncp: error writing '/t/supermin10bec7.tmpdir/init.d/libnvdimm.ko': No space left on device\nsupermin: cp -t '/t/x': command failed, see earlier errors\n",
			want:   "the appliance could not be built: cp: error writing '/t/supermin10bec7.tmpdir/init.d/libnvdimm.ko': No space left on device",
			remedy: "let TMPDIR name",
		},
		"no cause is named": {err: failed, said: "\ntar: Exiting with failure status\nsupermin: zcat: command failed, see earlier errors\n", want: "the appliance could not be built: tar: Exiting with failure status"},
		"not permitted":     {err: failed, said: "supermin: reading\ncp: cannot open '/boot/vmlinuz-6.1' for reading: Permission denied\n", want: "the appliance could not be built: cp: cannot open '/boot/vmlinuz-6.1' for reading: Permission denied"},
	} {
		t.Run(name, func(t *testing.T) {
			got := explainBuild(test.err, test.said)
			if got.Error() != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
			todo := remedy.Of(got)
			if !strings.Contains(todo, test.remedy) || (todo == "") != (test.remedy == "") {
				t.Errorf("remedy %q, want %q", todo, test.remedy)
			}
		})
	}
}
