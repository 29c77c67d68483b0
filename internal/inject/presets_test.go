package inject

import (
	"errors"
	"io/fs"
	"maps"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

// TestPresetsOfAFirstBoot: a guest without a machine id applies its presets, which
// would undo what was enabled and disabled.
func TestPresetsOfAFirstBoot(t *testing.T) {
	t.Parallel()
	const head = "# Written by hyper2kvm: the units that its configuration enables and disables.\n"
	const uninitialized = "uninitialized\n"
	services := &manifest.Services{Enable: []string{"sshd", "serial-getty@ttyS0", "serial-getty@ttyS1"}, Disable: []string{"cron", "getty@tty1"}}
	files := func(with map[string]string) map[string]string {
		all := maps.Clone(debianFiles)
		delete(all, "/etc/machine-id")
		delete(all, "/var/lib/dbus/machine-id")
		maps.Copy(all, with)
		return all
	}
	wanted := head + "enable ssh.service\nenable serial-getty@.service ttyS0 ttyS1\ndisable cron.service\ndisable getty@.service\n"
	tests := map[string]struct {
		files         map[string]string
		configuration manifest.Configuration
		want          string
	}{
		"no machine id":       {files(nil), manifest.Configuration{Services: services}, wanted},
		"not initialized":     {files(map[string]string{"/etc/machine-id": uninitialized}), manifest.Configuration{Services: services}, wanted},
		"first boot scripts":  {files(nil), manifest.Configuration{FirstBoot: []manifest.Script{{Name: "a", Content: "true"}}}, head + "enable " + firstBootUnit + "\n"},
		"an id":               {debianFiles, manifest.Configuration{Services: services}, ""},
		"an empty id":         {files(map[string]string{"/etc/machine-id": ""}), manifest.Configuration{Services: services}, ""},
		"a reset id":          {files(nil), manifest.Configuration{Services: services, MachineID: manifest.MachineIDReset}, ""},
		"nothing was enabled": {files(nil), manifest.Configuration{Services: &manifest.Services{Enable: []string{"systemd-udevd"}}}, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGuest(t, tc.files)
			_, _ = g.inject(tc.configuration)
			got, err := g.fs.ReadFile(presetFile)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, string(got)); diff != "" {
				t.Errorf("presets (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSystemctlKeepsToPresets lets the host's systemctl do what systemd does at a
// guest's first boot.
func TestSystemctlKeepsToPresets(t *testing.T) {
	t.Parallel()
	systemctl, err := exec.LookPath("systemctl")
	if err != nil {
		t.Skip("systemctl is not installed")
	}
	g := newGuest(t, debianFiles, map[string]string{
		"/etc/machine-id": "uninitialized\n", "/usr/lib/systemd/system-preset/99-default.preset": "disable fstrim.timer\nenable *\n",
	})
	_, _ = g.inject(manifest.Configuration{
		Services:  &manifest.Services{Enable: []string{"fstrim.timer", "ssh"}, Disable: []string{"cron", "open-vm-tools"}},
		FirstBoot: []manifest.Script{{Name: "a", Content: "true"}},
	})
	if out, err := exec.Command(systemctl, "--root="+g.dir, "preset-all").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	links := g.links(unitDirectory)
	for link, want := range map[string]bool{
		"timers.target.wants/fstrim.timer": true, "multi-user.target.wants/ssh.service": true, "multi-user.target.wants/" + firstBootUnit: true,
		"multi-user.target.wants/cron.service": false, "multi-user.target.wants/open-vm-tools.service": false,
	} {
		if _, ok := links[link]; ok != want {
			t.Errorf("%s: %t, want %t", link, ok, want)
		}
	}
}
