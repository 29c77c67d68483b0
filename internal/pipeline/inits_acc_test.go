package pipeline_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

const installInit = "apt-get install --yes --no-install-recommends -o APT::Install-Recommends=false "

// otherInits make guests of the flagship that systemd does not start.
var otherInits = map[string]func(*testguest.Recipe){
	"sysvinit": func(r *testguest.Recipe) {
		r.Bootstrap.Commands = append(slices.Clone(r.Bootstrap.Commands), installInit+"sysvinit-core systemd-sysv-")
	},
	// OpenRC has SysV's init start it.
	"openrc": func(r *testguest.Recipe) {
		r.Bootstrap.Commands = append(slices.Clone(r.Bootstrap.Commands), installInit+"sysvinit-core openrc systemd-sysv-", "test -x /sbin/openrc")
	},
	// BusyBox reads an inittab of its own kind, as Alpine has it.
	"busybox": func(r *testguest.Recipe) {
		r.Bootstrap.Packages = append(slices.Clone(r.Bootstrap.Packages), "busybox-static")
		r.Files = maps.Clone(r.Files)
		maps.Copy(r.Files, map[string]testguest.File{
			"/etc/inittab": {Content: `# /etc/inittab
::sysinit:/etc/rc sysinit
::wait:/etc/rc default
tty1::respawn:/sbin/getty 38400 tty1
::ctrlaltdel:/sbin/reboot
::shutdown:/bin/umount -a -r
`},
			"/etc/rc": {Mode: 0o755, Content: `#!/bin/sh
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
case $1 in
sysinit)
	/lib/systemd/systemd-udevd --daemon
	udevadm trigger --action=add
	udevadm settle
	mount -o remount,rw /
	mount -a
	swapon -a
	hostname -F /etc/hostname
	;;
default)
	ifup -a
	ifup -a --allow=hotplug
	# A service that takes its time.
	sleep 15
	;;
esac
`},
		})
		r.Commands = append(slices.Clone(r.Commands), "ln -sf /bin/busybox /sbin/init", "rm /usr/lib/systemd/systemd")
	},
}

// TestAccProbeWithoutSystemd boots guests that others than systemd start. Of those
// nothing but the screen and the probe tells.
func TestAccProbeWithoutSystemd(t *testing.T) {
	t.Parallel()
	requireFullMatrix(t)
	for _, name := range slices.Sorted(maps.Keys(otherInits)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recipe, err := testguest.Lookup(testguest.Flagship)
			if err != nil {
				t.Fatal(err)
			}
			recipe.Name += "-" + name
			otherInits[name](&recipe)
			m := migration(build(t, recipe), t.TempDir())
			m.Pipeline.Validate.Boot.Enabled = true
			r, err := pipeline.Run(t.Context(), m, pipeline.Options{Acceleration: "auto"})
			became := bootOf(t, r)
			if err != nil {
				t.Fatalf("the migration failed: %v\n%+v", err, became)
			}
			logStages(t, r)
			t.Logf("%s (%s) after %.1f s: %+v", became.Verdict, became.State, became.Seconds, became.Evidence)
			checkFacts(t, guestCase{nic: "ens192", address: "192.0.2.10/24", mounts: []string{"/"}}, recipe, became)
			if became.Guest != nil && (became.Guest.Progress != "done" || len(became.Guest.Swaps) != 1) {
				t.Errorf("its init says %q, with swap on %q", became.Guest.Progress, became.Guest.Swaps)
			}
			if !slices.ContainsFunc(became.Evidence, func(e report.BootEvidence) bool { return e.Source == "probe" && e.Seen == "done" }) {
				t.Errorf("the evidence is %+v", became.Evidence)
			}
		})
	}
}
