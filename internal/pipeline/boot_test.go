package pipeline

import (
	"context"
	"errors"
	"fmt"
	stdimage "image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/boot"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// bootedConversion converts a small disk, of which outcome says what became of its
// guest.
func bootedConversion(t *testing.T, edit func(*manifest.Manifest), outcome boot.Outcome) (*manifest.Manifest, *report.Report, boot.Machine, boot.Watching, error) {
	t.Helper()
	requireQEMUImg(t)
	source := filepath.Join(t.TempDir(), "web.raw")
	if err := os.WriteFile(source, []byte(strings.Repeat("x", 1<<20)), 0o600); err != nil {
		t.Fatal(err)
	}
	m := &manifest.Manifest{
		Version: manifest.Version, Source: manifest.NewSource(manifest.SourceRaw, source),
		Output:   manifest.Output{Directory: t.TempDir(), Format: manifest.FormatQCOW2},
		Pipeline: manifest.DefaultPipeline(), Options: manifest.DefaultOptions(),
	}
	withoutGuest(m)
	m.Pipeline.Validate.Boot.Enabled = true
	if edit != nil {
		edit(m)
	}
	m, r, machine, watching, err := runBooted(t, m, outcome)
	return m, r, machine, watching, err
}

// runBooted runs m, of whose guest outcome says what becomes of it.
func runBooted(t *testing.T, m *manifest.Manifest, outcome boot.Outcome) (*manifest.Manifest, *report.Report, boot.Machine, boot.Watching, error) {
	t.Helper()
	j := newJob(m, Options{Acceleration: "tcg"})
	var machine boot.Machine
	var watching boot.Watching
	j.host.lacks = func(boot.Firmware) error { return nil }
	j.host.boot = func(_ context.Context, started boot.Machine, watched boot.Watching) (boot.Outcome, error) {
		machine, watching = started, watched
		if _, err := os.Stat(m.OutputPath()); err == nil {
			t.Error("the image has its name before its guest was booted")
		}
		for _, disk := range started.Disks {
			if _, err := os.Stat(disk.Path); err != nil {
				t.Error(err)
			}
		}
		return outcome, nil
	}
	r, err := j.run(t.Context())
	return m, r, machine, watching, err
}

func TestBootAnswers(t *testing.T) {
	t.Parallel()
	dead := boot.Outcome{
		Verdict: boot.Dead, State: boot.StateInitramfsShell, Reason: "ALERT!  /dev/sda1 does not exist.", Duration: 34 * time.Second,
		Console: "SeaBIOS\nALERT!  /dev/sda1 does not exist.\n(initramfs) ", Accelerator: "tcg",
	}
	const death = "the guest of web.qcow2 does not boot: its initramfs gave up and opened a shell (ALERT!  /dev/sda1 does not exist.), after 34 s; " +
		"the last on its serial console:\n  SeaBIOS\n  ALERT!  /dev/sda1 does not exist.\n  (initramfs)"
	for name, test := range map[string]struct {
		outcome   boot.Outcome
		onFailure manifest.BootFailure
		fails     bool
		says      string
	}{
		"booted":         {boot.Outcome{Verdict: boot.Booted, State: boot.StateLogin}, manifest.BootFatal, false, ""},
		"dead":           {dead, manifest.BootFatal, true, death},
		"dead, and warn": {dead, manifest.BootWarn, false, death},
		"undecided": {
			boot.Outcome{Verdict: boot.Undecided, State: boot.StateNothing, Reason: "neither a login prompt nor a failure was seen within 10m0s"}, manifest.BootFatal, false,
			"whether the guest of web.qcow2 boots is not known: neither a login prompt nor a failure was seen within 10m0s",
		},
		"dead on the screen": {
			boot.Outcome{Verdict: boot.Dead, State: boot.StatePanic, Reason: "Kernel panic - not syncing: x", Console: "SeaBIOS\n", Screen: boot.Screen{Text: "Kernel panic - not syncing: x\n"}},
			manifest.BootFatal, true, "its kernel panicked (Kernel panic - not syncing: x), after 0 s; the last on its screen:\n  Kernel panic",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, r, _, _, err := bootedConversion(t, func(m *manifest.Manifest) { m.Pipeline.Validate.Boot.OnFailure = test.onFailure }, test.outcome)
			said, cure := "", ""
			if err != nil {
				said, cure = err.Error(), remedy.Of(err)
			}
			for _, c := range r.Concerns {
				if err == nil && c.ID == report.ConcernBoot {
					said, cure = c.Assessment, c.Remedy
				}
			}
			if test.fails != (err != nil) || !strings.Contains(said, test.says) || (said == "") != (test.says == "") || (said == "") != (cure == "") {
				t.Errorf("it ended with %v and said %q, %q", err, said, cure)
			}
			if _, err := os.Stat(m.OutputPath()); errors.Is(err, os.ErrNotExist) != test.fails {
				t.Errorf("the image: %v", err)
			}
			written, err := report.Read(m.ReportPath())
			if err != nil {
				t.Fatal(err)
			}
			seen, err := report.ResultOf[report.Validation](written)
			if err != nil || seen.Boot == nil || seen.Boot.Verdict != string(test.outcome.Verdict) || seen.Boot.State != string(test.outcome.State) {
				t.Errorf("the report has %+v, %v", seen.Boot, err)
			}
		})
	}
}

// TestBootEvidence: what is kept of a boot lies beside the report, is the run's own
// where the run succeeds, and stays of one that fails until the next.
func TestBootEvidence(t *testing.T) {
	t.Parallel()
	outcome := boot.Outcome{
		Verdict: boot.Dead, State: boot.StatePanic, Reason: "Kernel panic", Console: "Kernel panic\n",
		Screen: boot.Screen{Picture: blankScreen()},
	}
	m, _, _, _, err := bootedConversion(t, nil, outcome)
	log, screenshot := m.BootPaths()
	if err == nil || !strings.Contains(err.Error(), "Its screen is in "+screenshot) {
		t.Errorf("the failure is %v", err)
	}
	for _, path := range []string{log, screenshot} {
		if err := boot.Vacant(path); err != nil {
			t.Errorf("the next run could not replace %v", err)
		}
		checkPrivate(t, path)
		if _, err := artifact.ReadRecord(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s of a failed run is recorded: %v", path, err)
		}
	}

	outcome.Verdict, outcome.State, outcome.Reason = boot.Booted, boot.StateLogin, ""
	_, r, _, _, err := runBooted(t, m, outcome)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, a := range r.Artifacts {
		kinds = append(kinds, a.Type+" "+a.Path)
		if !a.IsImage() {
			checkPrivate(t, a.Path)
		}
		if record, err := artifact.ReadRecord(a.Path); err != nil || artifact.Check(a.Path, record.Identity()).State != artifact.StateOwned {
			t.Errorf("%s is not the run's own: %v", a.Path, err)
		}
	}
	if diff := cmp.Diff([]string{"converted_image " + m.OutputPath(), "boot_log " + log, "boot_screenshot " + screenshot}, kinds); diff != "" {
		t.Errorf("artifacts (-want +got):\n%s", diff)
	}
	if images := report.Images(r.Artifacts); len(images) != 1 || images[0].Path != m.OutputPath() {
		t.Errorf("images: %+v", images)
	}
}

// checkPrivate: what a guest prints and shows may be a secret.
func checkPrivate(t *testing.T, path string) {
	t.Helper()
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%s: %v, %v", path, info, err)
	}
}

func TestBootEvidenceReplacesNoOtherFiles(t *testing.T) {
	t.Parallel()
	m, _, machine, _, err := bootedConversion(t, func(m *manifest.Manifest) {
		log, _ := m.BootPaths()
		m.Output.Overwrite = true
		if err := os.WriteFile(log, []byte("my notes"), 0o600); err != nil {
			t.Fatal(err)
		}
	}, boot.Outcome{Verdict: boot.Booted, State: boot.StateLogin})
	if err == nil || !strings.Contains(err.Error(), "no boot of a guest made it") || remedy.Of(err) == "" || len(machine.Disks) > 0 {
		t.Errorf("ended with %v, and booted %v", err, machine.Disks)
	}
	if log, _ := m.BootPaths(); !strings.HasSuffix(log, "report.boot.log") {
		t.Errorf("the log is %s", log)
	} else if text, err := os.ReadFile(log); err != nil || string(text) != "my notes" {
		t.Errorf("the file is now %q, %v", text, err)
	}
}

// TestBootLeavesTheImages: a machine that writes to what is published is found out.
func TestBootLeavesTheImages(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(path, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	images := []image{{temporary: path, final: "/images/web.qcow2"}}
	before, err := statAll(images)
	if err != nil {
		t.Fatal(err)
	}
	if err := unwritten(images, before); err != nil {
		t.Errorf("untouched: %v", err)
	}
	later := before[0].ModTime().Add(time.Second)
	if err := errors.Join(os.WriteFile(path, []byte("CONTENT"), 0o600), os.Chtimes(path, later, later)); err != nil {
		t.Fatal(err)
	}
	if err := unwritten(images, before); err == nil || !strings.Contains(err.Error(), "/images/web.qcow2") {
		t.Errorf("written to: %v", err)
	}
}

// TestBootWithoutRoom: a machine that cannot be built for the trial is no reason to
// lose the migration.
func TestBootWithoutRoom(t *testing.T) {
	t.Parallel()
	m, r, machine, _, err := bootedConversion(t, func(m *manifest.Manifest) {
		for n := range 27 {
			m.Source.NICs = append(m.Source.NICs, manifest.NIC{MAC: fmt.Sprintf("00:50:56:9a:01:%02x", n)})
		}
	}, boot.Outcome{})
	if err != nil || len(machine.Disks) > 0 {
		t.Fatalf("ended with %v, and booted %+v", err, machine)
	}
	if _, err := os.Stat(m.OutputPath()); err != nil {
		t.Error(err)
	}
	if !slices.ContainsFunc(r.Concerns, func(c report.Concern) bool {
		return c.ID == report.ConcernBoot && strings.HasPrefix(c.Assessment, "the guest was not booted: its disks, network cards and other devices take 31 slots") && c.Remedy != ""
	}) {
		t.Errorf("the concerns are %+v", r.Concerns)
	}
}

func blankScreen() *stdimage.RGBA { return stdimage.NewRGBA(stdimage.Rect(0, 0, 720, 400)) }

func TestBootMachine(t *testing.T) {
	t.Parallel()
	_, r, machine, watching, err := bootedConversion(t, func(m *manifest.Manifest) {
		m.Pipeline.Validate.Boot = manifest.Boot{Enabled: true, TimeoutSeconds: 90, MemoryMiB: 512, CPUs: 1, OnFailure: manifest.BootFatal}
		m.Source.LUKSKeys = []manifest.LUKSKey{{Key: "open sesame"}}
	}, boot.Outcome{Verdict: boot.Booted, State: boot.StateLogin, Console: "unlocked by open sesame\n", Accelerator: "tcg"})
	if err != nil {
		t.Fatal(err)
	}
	if machine.Bus != boot.VirtioBlk || machine.MemoryMiB != 512 || machine.CPUs != 1 || len(machine.Disks) != 1 || machine.Persist || watching.Timeout != 90*time.Second {
		t.Errorf("it was booted on %+v, %+v", machine, watching)
	}
	if diff := cmp.Diff([]string{"open sesame"}, watching.Passphrases); diff != "" {
		t.Errorf("passphrases (-want +got):\n%s", diff)
	}
	seen, err := report.ResultOf[report.Validation](r)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"unlocked by ***"}, seen.Boot.Console); diff != "" {
		t.Errorf("the console in the report (-want +got):\n%s", diff)
	}
	if want := (report.BootMachine{Firmware: "bios", DiskBus: "virtio", NICModel: "virtio", MemoryMiB: 512, CPUs: 1, Accelerator: "tcg"}); seen.Boot.Machine != want {
		t.Errorf("the machine in the report is %+v", seen.Boot.Machine)
	}
}

func TestTarget(t *testing.T) {
	t.Parallel()
	needed := &report.Hardware{
		Firmware: "uefi", Arch: "x86_64", Disks: []report.HardwareDisk{{Bus: "sata"}},
		NICs: []report.HardwareNIC{{Model: "e1000e", MAC: "00:50:56:9a:01:02"}, {Model: "e1000e"}},
	}
	unseen := opened{source: &source.Source{Machine: &report.Machine{Firmware: "uefi", NICs: []report.NIC{{MAC: "00:50:56:9a:01:02"}}}}}
	for name, test := range map[string]struct{ got, want target }{
		"told by the report": {
			targetOf(opened{}, needed, inspected{}, fixed{report: report.FixResult{DiskBus: "sata"}}),
			target{firmware: "uefi", diskBus: "sata", arch: "x86_64", fixed: true, nics: []boot.NIC{{Model: "e1000e", MAC: "00:50:56:9a:01:02"}, {Model: "e1000e"}}},
		},
		"a machine without cards": {
			targetOf(opened{}, &report.Hardware{Firmware: "bios", Disks: needed.Disks}, inspected{}, fixed{}),
			target{firmware: "bios", diskBus: "sata", nics: []boot.NIC{{Model: "virtio"}}},
		},
		"told by the descriptor alone": {
			targetOf(unseen, nil, inspected{}, fixed{}),
			target{firmware: "uefi", diskBus: "virtio", arch: "x86_64", channel: true, nics: []boot.NIC{{Model: "virtio", MAC: "00:50:56:9a:01:02"}}},
		},
	} {
		if diff := cmp.Diff(test.want, test.got, cmp.AllowUnexported(target{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for _, of := range []hardware{virtioHardware, commonHardware, oldHardware, {diskBus: "scsi"}} {
		if bus, ok := buses[of.diskBus]; !ok || diskBusOf(bus) != of.diskBus {
			t.Errorf("bus %q is booted as %q", of.diskBus, bus)
		}
	}
	for reason, it := range map[string]struct {
		target target
		boots  bool
	}{
		"hibernated": {target: target{arch: "x86_64", hibernated: true}}, "ARM": {target: target{arch: "aarch64"}},
		"unknown": {boots: true}, "32 bits": {target{arch: "i386"}, true},
	} {
		if got := it.target.unbootable(); (got == "") != it.boots {
			t.Errorf("%s: %q", reason, got)
		}
	}
}

// TestBootCures: against all that a guest can come to something helps, and that is
// not the same for all.
func TestBootCures(t *testing.T) {
	t.Parallel()
	for state, words := range map[boot.State]string{
		boot.StateInitramfsShell: "pipeline.fix.initramfs to rebuild", boot.StateDeviceWait: "pipeline.fix.initramfs to rebuild",
		boot.StateEmergency: "/etc/fstab", boot.StatePanic: "above its panic", boot.StateGRUB: "boot loader", boot.StateLoader: "first of the images",
		boot.StateNoBootDevice: "UEFI", boot.StateExited: "switches it off", boot.StateResets: "restarts",
	} {
		became := &report.Boot{State: string(state)}
		if state.Sentence() == "" {
			t.Errorf("nothing is said of %s", state)
		}
		if got := (target{fixed: true}).cure(became, false); !strings.Contains(got, words) || !strings.HasSuffix(got, publishAnyway) {
			t.Errorf("%s: %s", state, got)
		}
		repaired := state != boot.StateExited && state != boot.StateResets
		if got := (target{}).cure(became, false); strings.HasPrefix(got, "enable the fix stage") != repaired {
			t.Errorf("%s, unfixed: %s", state, got)
		}
	}
	for _, test := range []struct {
		state boot.State
		keys  bool
		words string
	}{
		{boot.StatePassphrase, false, "give the passphrase"},
		{boot.StatePassphrase, true, "US keyboard"},
		{boot.StateStopped, false, "make room"},
		{boot.StateTimer, false, "fewer migrations"},
		{boot.StateSilent, false, "timeout_seconds"},
		{boot.StateNothing, true, "timeout_seconds"},
	} {
		if got := (target{fixed: true}).cure(&report.Boot{State: string(test.state)}, test.keys); !strings.Contains(got, test.words) {
			t.Errorf("%s: %s", test.state, got)
		}
	}
}

func TestBootNeedsQEMU(t *testing.T) {
	t.Parallel()
	m := &manifest.Manifest{Pipeline: manifest.DefaultPipeline()}
	j := newJob(m, Options{})
	j.host.lacks = func(firmware boot.Firmware) error {
		return remedy.With(errors.New("no firmware "+string(firmware)), "install it")
	}
	if err := checkBoot(j, target{firmware: "uefi"}); err != nil {
		t.Errorf("without a boot: %v", err)
	}
	m.Pipeline.Validate.Boot.Enabled = true
	err := checkBoot(j, target{firmware: "uefi"})
	if err == nil || err.Error() != "pipeline.validate.boot: no firmware uefi" || remedy.Of(err) != "install it, or switch pipeline.validate.boot off" {
		t.Errorf("got %v, %q", err, remedy.Of(err))
	}
	m.Options.DryRun = true
	if err := checkBoot(j, target{}); err != nil {
		t.Errorf("in a dry run: %v", err)
	}
}
