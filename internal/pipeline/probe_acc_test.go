package pipeline_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// withoutSerial are the words by which the test guests use a serial console.
var withoutSerial = regexp.MustCompile(`(?m) ?console=tty\S+|^(?:GRUB_)?(?:terminal_(?:input|output)|TERMINAL)\b.*$|^serial\b.*$`)

const badMount = "UUID=00000000-dead-4000-8000-000000000000 /data ext4 x-systemd.device-timeout=3"

// TestAccProbe migrates guests that nothing but their screen and their probe can
// tell of: one with another address than the configured, and a line of fstab that
// is wrong and may fail, and one for which that line may not.
func TestAccProbe(t *testing.T) {
	t.Parallel()
	requireAcceptance(t)
	recipe, err := testguest.Lookup(testguest.Flagship)
	if err != nil {
		t.Fatal(err)
	}
	odd, dead := copyOf(t, build(t, recipe)), copyOf(t, build(t, recipe))
	editGuests(t, []string{odd, dead}, []map[string]func(string) string{
		{
			"/boot/grub/grub.cfg": muted, "/etc/default/grub": muted,
			"/etc/fstab": appended(badMount + ",nofail 0 2\n"),
			"/etc/network/interfaces": func(text string) string {
				return strings.TrimRight(text, "\n") + "\n\tpost-up ip addr flush dev $IFACE && ip addr add 192.0.2.99/24 dev $IFACE\n"
			},
		},
		{"/boot/grub/grub.cfg": muted, "/etc/default/grub": muted, "/etc/fstab": appended(badMount + " 0 2\n")},
	})
	t.Run("odd", func(t *testing.T) {
		requireFullMatrix(t)
		t.Parallel()
		m := mutedMigration(t, odd)
		prepared, converting := time.Time{}, time.Time{}
		r, err := pipeline.Run(t.Context(), m, pipeline.Options{Acceleration: "auto", Notify: func(e report.Event) {
			switch {
			case e.Message == "preparing the trial of the guest":
				prepared = time.Now()
			case strings.HasPrefix(e.Message, "converting ") && converting.IsZero():
				converting = time.Now()
			}
		}})
		if err != nil {
			t.Fatalf("the migration failed: %v\n%+v", err, r.Errors)
		}
		logStages(t, r)
		t.Logf("the trial was prepared, and the appliance ended, in %s", converting.Sub(prepared).Round(time.Millisecond))
		became := bootOf(t, r)
		t.Logf("%s (%s) after %.1f s: %+v", became.Verdict, became.State, became.Seconds, became.Evidence)
		if became.Verdict != report.BootBooted || became.Guest == nil {
			t.Fatalf("it became %+v", became)
		}
		t.Logf("it says %+v", *became.Guest)
		if slices.ContainsFunc(became.Console, func(line string) bool { return strings.Contains(line, "login:") }) {
			t.Errorf("it has a serial console: %q", became.Console)
		}
		if became.Guest.Hostname != recipe.Hostname || len(became.Guest.Swaps) != 1 {
			t.Errorf("it says %+v", became.Guest)
		}
		want := []string{
			"ens192 had not its address 192.0.2.10 when the guest was booted, but 192.0.2.99/24",
			"/data was not mounted when the guest was booted: its /etc/fstab names UUID=00000000-dead-4000-8000-000000000000 for it, with nofail",
		}
		if diff := cmp.Diff(want, became.Differences); diff != "" {
			t.Errorf("differences (-want +got):\n%s", diff)
		}
		var warned []string
		for _, concern := range r.Concerns {
			if concern.ID == report.ConcernBootDiffers {
				warned = append(warned, concern.Assessment)
			}
		}
		if diff := cmp.Diff(want, warned); diff != "" {
			t.Errorf("warnings (-want +got):\n%s", diff)
		}
		checkPublished(t, m)
	})
	t.Run("dead", func(t *testing.T) {
		t.Parallel()
		m := mutedMigration(t, dead)
		r, err := pipeline.Run(t.Context(), m, pipeline.Options{Acceleration: "auto"})
		if err == nil {
			t.Error("the migration of a guest that ends in emergency mode succeeded")
		}
		became := bootOf(t, r)
		if became == nil {
			t.Fatalf("it was not booted: %v", err)
		}
		t.Logf("%s (%s) after %.1f s: %+v; %v", became.Verdict, became.State, became.Seconds, became.Evidence, err)
		if became.Verdict != report.BootDead || became.State != "emergency" || became.Guest == nil || became.Guest.Progress != "maintenance" {
			t.Errorf("it became %+v", became)
		}
		if err != nil && !strings.Contains(err.Error(), "/data was not mounted") {
			t.Errorf("the error says %v", err)
		}
		if len(r.Artifacts) > 0 {
			t.Errorf("published: %+v", r.Artifacts)
		}
	})
}

// checkPublished looks for the probe in the published image.
func checkPublished(t *testing.T, m *manifest.Manifest) {
	t.Helper()
	session, err := appliance.Open(t.Context(), []appliance.Drive{{Path: m.OutputPath(), Format: "qcow2", ReadOnly: true}}, appliance.Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close() //nolint:errcheck // only read
	systems, err := session.Inspect()
	if err != nil || len(systems) != 1 {
		t.Fatalf("systems %v: %v", systems, err)
	}
	if _, _, err := session.MountGuest(systems[0]); err != nil {
		t.Fatal(err)
	}
	for _, directory := range []string{"/etc", "/etc/systemd/system", "/etc/systemd/system/sysinit.target.wants"} {
		names, err := session.ReadDir(directory)
		if err != nil {
			t.Error(err)
		}
		for _, name := range names {
			if strings.Contains(name, "boot-probe") {
				t.Errorf("the published guest has %s in %s", name, directory)
			}
		}
	}
}

// mutedMigration is one whose guest is booted.
func mutedMigration(t *testing.T, source string) *manifest.Manifest {
	m := migration(source, t.TempDir())
	m.Source.Type = manifest.SourceQCOW2
	m.Pipeline.Validate.Boot.Enabled = true
	return m
}

func muted(text string) string { return withoutSerial.ReplaceAllString(text, "") }

func appended(line string) func(string) string {
	return func(text string) string { return strings.TrimRight(text, "\n") + "\n" + line }
}

// copyOf is a test guest that may be changed.
func copyOf(t *testing.T, disk string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "guest.qcow2")
	err := qemuimg.Convert(t.Context(), qemuimg.ConvertOptions{Source: qemuimg.Image{Path: disk, Format: formatOf(disk)}, Dest: path, Format: "qcow2"})
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// editGuests changes files of guests, each on one disk, in a single appliance.
func editGuests(t *testing.T, disks []string, edits []map[string]func(string) string) {
	t.Helper()
	var drives []appliance.Drive
	for _, disk := range disks {
		drives = append(drives, appliance.Drive{Path: disk, Format: "qcow2"})
	}
	session, err := appliance.Open(t.Context(), drives, appliance.Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := session.Close(); err != nil {
			t.Error(err)
		}
	}()
	systems, err := session.Inspect()
	if err != nil || len(systems) != len(disks) {
		t.Fatalf("systems %v: %v", systems, err)
	}
	for n, files := range edits {
		at := slices.IndexFunc(systems, func(s guest.OS) bool { return strings.HasPrefix(s.Root, fmt.Sprintf("/dev/sd%c", 'a'+n)) })
		if _, _, err := session.MountGuest(systems[at]); err != nil {
			t.Fatal(err)
		}
		for name, edit := range files {
			text, err := session.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			changed := edit(string(text))
			if changed == string(text) {
				t.Errorf("%s is as it was:\n%s", name, text)
			}
			if err := session.WriteFile(name, []byte(changed), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// checkFacts compares what a migrated guest has told the product with what it was.
func checkFacts(t *testing.T, c guestCase, recipe testguest.Recipe, became *report.Boot) {
	t.Helper()
	said := became.Guest
	if said == nil {
		t.Errorf("the guest was booted without a probe, or that said nothing: %+v", became.Evidence)
		return
	}
	t.Logf("it says %+v", *said)
	if said.Hostname != recipe.Hostname || said.Kernel == "" || len(said.FailedUnits) > 0 || len(became.Differences) > 0 {
		t.Errorf("it says %+v; it differs in %q", said, became.Differences)
	}
	if c.nic != "" && !slices.ContainsFunc(said.Cards, func(card report.BootCard) bool {
		return card.Name == c.nic && card.Device && slices.Contains(card.Addresses, c.address)
	}) {
		t.Errorf("it has not %s on %s, but %+v; what was seen: %+v", c.address, c.nic, said.Cards, became.Evidence)
	}
	for _, path := range c.mounts {
		if !slices.ContainsFunc(said.Mounts, func(m report.BootMount) bool { return m.Path == path }) {
			t.Errorf("%s is not mounted: %+v", path, said.Mounts)
		}
	}
}
