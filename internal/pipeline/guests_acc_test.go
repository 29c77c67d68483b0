package pipeline_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// guestCase is what is expected of one guest of testguest.Recipes after its
// migration.
type guestCase struct {
	recipe string
	// full keeps the guest out of `make test`: `make testacc-full` runs it.
	full bool
	// nic and address are those of the old machine.
	nic, address string
	// mounts must be mounted after the boot.
	mounts []string
	// removeTools is for guests whose VMware tools are a unit that fails
	// anywhere but on VMware.
	removeTools bool
	// extended says that each initramfs lacks drivers, which are appended.
	extended bool
	// again boots the migrated guest a second time, with what the first boot
	// has written.
	again bool
	// powerCut migrates the guest's disk as it is after its power was cut.
	powerCut bool
}

var guestCases = []guestCase{
	{recipe: "debian12-bios-sda1", nic: "ens192", address: "192.0.2.10/24", mounts: []string{"/"}},
	{recipe: "debian12-bios-no-virtio", nic: "ens192", address: "192.0.2.10/24", mounts: []string{"/"}, extended: true},
	{recipe: "debian12-bios-lvm", full: true, nic: "ens192", address: "192.0.2.12/24", mounts: []string{"/", "/boot", "/usr", "/var"}},
	{recipe: "debian12-bios-luks", full: true, nic: "ens192", address: "192.0.2.13/24", mounts: []string{"/", "/boot"}},
	{recipe: "debian12-bios-raid1", full: true, nic: "ens192", address: "192.0.2.14/24", mounts: []string{"/"}},
	{recipe: "debian12-uefi-btrfs", full: true, nic: "ens192", address: "192.0.2.15/24", mounts: []string{"/", "/home", "/boot/efi"}},
	{recipe: "debian13-uefi-systemd-boot", full: true, nic: "ens192", address: "192.0.2.16/24", mounts: []string{"/", "/boot/efi"}},
	{recipe: "debian13-uefi-unified", full: true, nic: "ens192", address: "192.0.2.27/24", mounts: []string{"/", "/boot/efi"}, extended: true},
	{recipe: "debian13-gpt-xfs-dracut", full: true, nic: "ens192", address: "192.0.2.17/24", mounts: []string{"/", "/boot"}, extended: true},
	{recipe: "debian12-bios-dracut-resume", full: true, nic: "ens192", address: "192.0.2.18/24", mounts: []string{"/"}, extended: true},
	{recipe: "debian13-bios-xz-modules", full: true, nic: "ens192", address: "192.0.2.19/24", mounts: []string{"/"}, extended: true},
	{recipe: "debian12-bios-zst-modules", full: true, nic: "ens192", address: "192.0.2.20/24", mounts: []string{"/"}, extended: true},
	{recipe: "debian12-bios-two-kernels", full: true, nic: "ens192", address: "192.0.2.10/24", mounts: []string{"/"}},
	{recipe: "debian12-bios-empty-menu", full: true, nic: "ens192", address: "192.0.2.10/24", mounts: []string{"/"}},
	{recipe: "debian11-bios-hda", full: true, nic: "eth0", address: "192.0.2.11/24", mounts: []string{"/"}, removeTools: true},
	{recipe: "debian12-bios-lvm-filter", full: true, nic: "ens192", address: "192.0.2.21/24", mounts: []string{"/", "/boot"}},
	{recipe: "debian12-bios-fips", full: true, nic: "ens192", address: "192.0.2.22/24", mounts: []string{"/", "/boot"}},
	{recipe: "debian12-bios-raid1-devices", full: true, nic: "ens192", address: "192.0.2.23/24", mounts: []string{"/"}},
	{recipe: "debian12-bios-btrfs-snapshot", full: true, nic: "ens192", address: "192.0.2.24/24", mounts: []string{"/", "/home"}},
	{recipe: "debian12-bios-cloud-init", full: true, nic: "ens192", address: "192.0.2.25/24", mounts: []string{"/"}, again: true},
	{recipe: "debian12-bios-power-cut", full: true, nic: "ens192", address: "192.0.2.26/24", mounts: []string{"/", "/srv"}, powerCut: true},
}

// TestAccGuestsBoot is the proof that the project stands on: guests that do not
// reach their login prompt on virtio when they are merely converted do so after
// a migration, with their names, addresses and file systems.
func TestAccGuestsBoot(t *testing.T) {
	t.Parallel()
	requireAcceptance(t)
	for _, c := range guestCases {
		t.Run(c.recipe, func(t *testing.T) {
			if c.full {
				requireFullMatrix(t)
			}
			t.Parallel()
			recipe, err := testguest.Lookup(c.recipe)
			if err != nil {
				t.Fatal(err)
			}
			started := time.Now()
			disks, err := testguest.BuildDisks(t.Context(), recipe, io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("guest ready after %s", time.Since(started).Round(time.Second))

			row := guestRow{recipe: recipe}
			written := 0
			if c.powerCut {
				disks, written = cutPower(t, recipe, disks)
			}
			t.Run("unfixed", func(t *testing.T) {
				if c.recipe == testguest.Flagship {
					requireFullMatrix(t) // TestAccBootProof shows it
				}
				proveDead(t, c, &row, disks)
			})
			t.Run("migrated", func(t *testing.T) { proveAlive(t, c, &row, disks) })
			if c.powerCut {
				checkRecords(t, row.fixed.Console, written)
			}
			t.Log(row)
		})
	}
}

// proveDead shows that the guest needs its migration: merely converted it stops
// where its recipe says, by the product's own verdict, or comes up without its
// address.
func proveDead(t *testing.T, c guestCase, row *guestRow, disks []string) {
	recipe := row.recipe
	if recipe.Boots == testguest.StateLogin {
		proveLost(t, c, row, disks)
		return
	}
	m := migrationOf(t, recipe, disks)
	m.Pipeline.Inspect.Enabled, m.Pipeline.Fix.Enabled = false, false
	m.Pipeline.Validate.Boot.Enabled = true
	r, err := pipeline.Run(t.Context(), m, pipeline.Options{Acceleration: "auto"})
	became := bootOf(t, r)
	if became == nil {
		t.Fatalf("the guest was not booted: %v", err)
	}
	if became.State != string(recipe.Boots) || became.Verdict != report.BootDead || err == nil {
		t.Fatalf("a plain conversion reached %q and is %q, expected %q; error %v\n%s", became.State, became.Verdict, recipe.Boots, err, strings.Join(became.Console, "\n"))
	}
	if len(r.Artifacts) > 0 {
		t.Errorf("published: %+v", r.Artifacts)
	}
	row.unfixed = testguest.BootResult{State: testguest.State(became.State), Reason: became.Reason}
	checkDocumented(t, row.unfixed.State, became.Reason)
	t.Logf("plain conversion: %s after %.0f s: %s", became.State, became.Seconds, became.Reason)
}

// checkDocumented: the guide says of each guest what it ends with.
func checkDocumented(t *testing.T, state testguest.State, reason string) {
	t.Helper()
	guide, err := os.ReadFile(filepath.Join("..", "..", "docs", "guides", "guests.md"))
	if err != nil {
		t.Fatal(err)
	}
	if want := documented(state, reason); !strings.Contains(string(guide), want) {
		t.Errorf("the guide on guests has no %s", want)
	}
}

// proveLost is proveDead for a guest that comes up in the wrong way.
func proveLost(t *testing.T, c guestCase, row *guestRow, disks []string) {
	recipe := row.recipe
	var plain []string
	for n, disk := range disks {
		plain = append(plain, filepath.Join(t.TempDir(), fmt.Sprintf("plain%d.qcow2", n)))
		err := qemuimg.Convert(t.Context(), qemuimg.ConvertOptions{
			Source: qemuimg.Image{Path: disk, Format: formatOf(disk)}, Dest: plain[n], Format: "qcow2",
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	result := bootRecipe(t, recipe, plain...)
	if result.State != recipe.Boots {
		t.Fatalf("a plain conversion reached %q, expected %q\n%s", result.State, recipe.Boots, tail(result.Console))
	}
	result.Reason = lostAddress(t, c, result)
	row.unfixed = result
	t.Logf("plain conversion: %s after %s: %s", result.State, result.Duration.Round(time.Second), result.Reason)
}

// migrationOf is the plainest manifest for a guest with these disks.
func migrationOf(t *testing.T, recipe testguest.Recipe, disks []string) *manifest.Manifest {
	t.Helper()
	m := migration(disks[0], t.TempDir())
	if len(disks) > 1 {
		m.Source.Type, m.Source.Path = manifest.SourceOVA, makeOVA(t, packagedMachine{name: recipe.Hostname, disks: disks})
	} else if formatOf(disks[0]) == "qcow2" {
		m.Source.Type = manifest.SourceQCOW2
	}
	m.Source.LUKSKeys = keysOf(recipe)
	return m
}

func proveAlive(t *testing.T, c guestCase, row *guestRow, disks []string) {
	recipe := row.recipe
	m := migrationOf(t, recipe, disks)
	source := m.Source.Path
	before := digest(t, source)
	m.Pipeline.Fix.RemoveVMwareTools = c.removeTools
	m.Pipeline.Validate.Boot.Enabled = true
	r, err := pipeline.RunAwaiting(t.Context(), m, pipeline.Options{Acceleration: "auto"}, testguest.ProbeEnd)
	became := bootOf(t, r)
	if err != nil {
		t.Fatalf("the migration failed: %v\n%+v\nthe guest became %+v", err, r.Errors, became)
	}
	if after := digest(t, source); after != before {
		t.Errorf("the source changed: sha256 %s became %s", before, after)
	}
	logStages(t, r)
	row.migrated(t, r)
	for _, k := range fixedKernels(t, r) {
		if c.extended && k.Action != "extended" {
			t.Errorf("the initramfs of kernel %s was %s: %s", k.Version, k.Action, k.Reason)
		}
	}

	log, _ := m.BootPaths()
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	console := string(text)
	row.fixed = testguest.BootResult{State: testguest.State(became.State), Reason: became.Reason, Console: console}
	row.boots = became.Verdict == report.BootBooted
	if !row.boots {
		t.Fatalf("the migrated guest is %q (%q): %s\n%s", became.Verdict, became.State, became.Reason, tail(console))
	}
	t.Logf("migrated: %s after %.0f s", became.State, became.Seconds)
	for _, secret := range m.Source.LUKSKeys {
		if strings.Contains(console, secret.Key) {
			t.Errorf("the log has the passphrase of %s", secret.Device)
		}
	}
	probe, ok := testguest.ParseProbe(console)
	if !ok {
		t.Fatalf("the guest is up, but its probe said nothing\n%s", tail(console))
	}
	// This probe does not wait for addresses, as the product's does.
	rest := c
	rest.nic = ""
	checkProbe(t, rest, recipe, probe)
	checkFacts(t, c, recipe, became)
	if !c.again {
		return
	}
	for _, number := range []string{"first", "second"} {
		probe := administer(t, testguest.BootDisk{Path: report.Images(r.Artifacts)[0].Path, Format: "qcow2"}, 15*time.Minute, "true")
		t.Logf("%s boot that is kept: %+v", number, probe.Addresses)
		checkProbe(t, c, recipe, probe)
	}
}

// keysOf names each encrypted device as the guest's own crypttab does.
func keysOf(recipe testguest.Recipe) []manifest.LUKSKey {
	var keys []manifest.LUKSKey
	for _, encrypted := range recipe.Layout.Encrypted {
		keys = append(keys, manifest.LUKSKey{Device: encrypted.Device, Key: encrypted.Passphrase})
	}
	return keys
}

func checkProbe(t *testing.T, c guestCase, recipe testguest.Recipe, probe testguest.Probe) {
	t.Helper()
	if probe.Hostname != recipe.Hostname {
		t.Errorf("hostname is %q, expected %q", probe.Hostname, recipe.Hostname)
	}
	if c.nic != "" {
		nic, ok := probe.Interface(c.nic)
		if !ok || !slices.Contains(nic.Addresses, c.address) {
			t.Errorf("%s does not have %s: %+v", c.nic, c.address, probe.Addresses)
		}
	}
	for _, target := range c.mounts {
		if _, ok := probe.Mount(target); !ok {
			t.Errorf("%s is not mounted: %+v", target, probe.Mounts)
		}
	}
	areas := 0
	for _, f := range recipe.Layout.Filesystems {
		if f.Type == "swap" {
			areas++
		}
	}
	if len(probe.Swaps) != areas {
		t.Errorf("swap is on %q, expected %d areas", probe.Swaps, areas)
	}
	if len(probe.Failed) > 0 {
		t.Errorf("units failed: %s", strings.Join(probe.Failed, ", "))
	}
}

func requireAcceptance(t *testing.T) {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("needs libguestfs and QEMU, and minutes: set TF_ACC=1 or run make testacc")
	}
}

// requireFullMatrix keeps a test out of make test, which has to end within
// minutes.
func requireFullMatrix(t *testing.T) {
	t.Helper()
	requireAcceptance(t)
	if os.Getenv("HYPER2KVM_TEST_FULL") == "" {
		t.Skip("part of the full matrix: set HYPER2KVM_TEST_FULL=1 or run make testacc-full")
	}
}

func build(t *testing.T, recipe testguest.Recipe) string {
	t.Helper()
	path, err := testguest.Build(t.Context(), recipe)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// boot starts a machine from image, with further disks behind it.
func boot(t *testing.T, image string, firmware testguest.Firmware, further ...string) testguest.BootResult {
	t.Helper()
	return bootRecipe(t, testguest.Recipe{Firmware: firmware}, append([]string{image}, further...)...)
}

// bootRecipe boots the recipe's guest from its images, and types its passphrase
// if it asks for one.
func bootRecipe(t *testing.T, recipe testguest.Recipe, images ...string) testguest.BootResult {
	t.Helper()
	options := testguest.BootOptions{
		Firmware:     recipe.Firmware,
		WaitForProbe: true,
		// dracut waits three minutes for a root device before it gives up, by
		// the clock of a guest that emulation slows down.
		Timeout: 10 * time.Minute,
	}
	for _, image := range images {
		options.Disks = append(options.Disks, testguest.BootDisk{Path: image, Format: "qcow2"})
	}
	for _, encrypted := range recipe.Layout.Encrypted {
		options.Passphrase = encrypted.Passphrase
	}
	result, err := testguest.Boot(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// migration is the plainest manifest for a VMDK.
func migration(source, directory string) *manifest.Manifest {
	return &manifest.Manifest{
		Version:  manifest.Version,
		Source:   manifest.NewSource(manifest.SourceVMDK, source),
		Output:   manifest.Output{Directory: directory, Format: manifest.FormatQCOW2, Filename: "guest.qcow2"},
		Pipeline: manifest.DefaultPipeline(),
		Options:  manifest.DefaultOptions(),
	}
}

func logStages(t *testing.T, r *report.Report) {
	t.Helper()
	for _, stage := range r.Pipeline.Stages {
		t.Logf("%-13s %6.2f s", stage.Name, stage.Duration)
	}
	for _, warning := range r.Warnings {
		t.Logf("warning: %s", warning.Message)
	}
}

// tail is the end of a console, which says why a boot stopped.
func tail(console string) string {
	const enough = 3000
	if len(console) > enough {
		return "..." + console[len(console)-enough:]
	}
	return console
}
