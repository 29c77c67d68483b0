package probe

import (
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

// TestAgentIsExpected of guests that have one and start it, in each way that
// distributions do, and of no others.
func TestAgentIsExpected(t *testing.T) {
	t.Parallel()
	const systemd, debian, others = "/usr/lib/systemd/systemd", "/usr/sbin/qemu-ga", "/usr/bin/qemu-ga"
	for name, test := range map[string]struct {
		files []string
		masks bool
		want  bool
	}{
		"Debian":                     {files: []string{systemd, debian, "/usr/lib/udev/rules.d/60-qemu-guest-agent.rules"}, want: true},
		"Debian, an older one":       {files: []string{"/lib/systemd/systemd", debian, "/lib/udev/rules.d/60-qemu-guest-agent.rules"}, want: true},
		"RHEL":                       {files: []string{systemd, others, "/usr/lib/udev/rules.d/99-qemu-guest-agent.rules"}, want: true},
		"RHEL 7":                     {files: []string{systemd, others, "/etc/systemd/system/dev-virtio\\x2dports-org.qemu.guest_agent.0.device.wants/qemu-guest-agent.service"}, want: true},
		"RHEL 6":                     {files: []string{others, "/etc/rc.d/rc3.d/S99qemu-ga"}, want: true},
		"SysV's init":                {files: []string{debian, "/etc/rc2.d/S01qemu-guest-agent"}, want: true},
		"SysV's init with the rule":  {files: []string{debian, "/usr/lib/udev/rules.d/60-qemu-guest-agent.rules"}},
		"OpenRC":                     {files: []string{others, "/etc/runlevels/default/qemu-guest-agent"}, want: true},
		"OpenRC, not enabled":        {files: []string{others, "/etc/init.d/qemu-guest-agent"}},
		"masked":                     {files: []string{systemd, debian, "/usr/lib/udev/rules.d/60-qemu-guest-agent.rules"}, masks: true},
		"what is left of a removal":  {files: []string{systemd, "/etc/rc2.d/S01qemu-guest-agent", "/etc/systemd/system/multi-user.target.wants/qemu-guest-agent.service"}},
		"a program that nobody runs": {files: []string{systemd, debian, "/usr/lib/systemd/system/qemu-guest-agent.service"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{"/etc/fstab": ""}
			for _, file := range test.files {
				files[file] = "x"
			}
			tree := guesttest.New(t, files)
			if test.masks {
				if err := tree.MkdirAll("/etc/systemd/system", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := tree.Symlink("/dev/null", agentMask); err != nil {
					t.Fatal(err)
				}
			}
			wanted, err := Read(edittest.Of(t, tree).Reader)
			if err != nil || wanted.Agent != test.want {
				t.Errorf("it is expected: %t, %v", wanted.Agent, err)
			}
		})
	}
}
