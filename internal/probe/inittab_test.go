package probe

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestInittabs: what SysV's init and BusyBox's read is told apart, whoever has
// written it. It starts the probe, and all that it started before.
func TestInittabs(t *testing.T) {
	t.Parallel()
	const sysv, busybox = "h2kp:2345:once:" + command, "::once:" + command
	for name, test := range map[string]struct{ text, line string }{
		"Debian's, which OpenRC has as well": {"id:2:initdefault:\nsi::sysinit:/etc/init.d/rcS\n~~:S:wait:/sbin/sulogin --force\nl2:2:wait:/etc/init.d/rc 2\n" +
			"ca:12345:ctrlaltdel:/sbin/shutdown -t1 -a -r now\n1:2345:respawn:/sbin/getty --noclear 38400 tty1\n#T0:23:respawn:/sbin/getty -L ttyS0 9600 vt100\n", sysv},
		"Gentoo's": {"id:3:initdefault:\nsi::sysinit:/sbin/openrc sysinit\nrc::bootwait:/sbin/openrc boot\nl3:3:wait:/sbin/openrc default\nc1:12345:respawn:/sbin/agetty 38400 tty1 linux\n", sysv},
		"Alpine's": {"# /etc/inittab\n\n::sysinit:/sbin/openrc sysinit\n::sysinit:/sbin/openrc boot\n::wait:/sbin/openrc default\n\n# Set up a couple of getty's\n" +
			"tty1::respawn:/sbin/getty 38400 tty1\n#ttyS0::respawn:/sbin/getty -L 0 ttyS0 vt100\n::ctrlaltdel:/sbin/reboot\n::shutdown:/sbin/openrc shutdown\n", busybox},
		"Buildroot's of old":        {"null::sysinit:/bin/mount -t proc proc /proc\nnull::sysinit:/bin/hostname -F /etc/hostname\ntty1::respawn:/sbin/getty 38400 tty1\n", busybox},
		"BusyBox's with levels":     {"::sysinit:/etc/rc\ntty1:2345:respawn:/sbin/getty 38400 tty1\n", busybox},
		"without an end":            {"::sysinit:/etc/rc", busybox},
		"of comments":               {"# inittab is no longer used.\n#id:5:initdefault:\n", ""},
		"of a level for nobody":     {"# upstart\nid:3:initdefault:\n", ""},
		"of something else":         {"start on stopped rc\n", ""},
		"of fields that are no row": {"a:b\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := withProbe(test.text)
			if test.line == "" {
				if ok || got != test.text {
					t.Errorf("it became %q, and has entries: %t", got, ok)
				}
				return
			}
			var added []string
			rest := ""
			for line := range strings.Lines(got) {
				if strings.Contains(line, programPath) {
					added = append(added, strings.TrimSuffix(line, "\n"))
				} else {
					rest += line
				}
			}
			if diff := cmp.Diff([]string{test.line}, added); diff != "" || !ok {
				t.Errorf("the probe's lines (-want +got):\n%s", diff)
			}
			if strings.TrimSuffix(rest, "\n") != strings.TrimSuffix(test.text, "\n") {
				t.Errorf("the rest is %q", rest)
			}
		})
	}
}
