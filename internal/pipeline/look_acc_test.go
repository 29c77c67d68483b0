package pipeline_test

import (
	"io"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/kernel"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/offline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// unread are the guests whose file systems are not read without an appliance.
var unread = map[string]bool{"debian12-uefi-btrfs": true, "debian12-bios-luks": true, "debian12-bios-btrfs-snapshot": true}

// unsigned are the guests whose /usr, which tells the distribution, lies elsewhere.
var unsigned = map[string]bool{"debian12-bios-lvm": true}

// TestAccAnswersAreTheAppliances compares all that is said of each guest of the
// matrix with what libguestfs says.
func TestAccAnswersAreTheAppliances(t *testing.T) {
	t.Parallel()
	requireAcceptance(t)
	for n, recipe := range testguest.Recipes() {
		t.Run(recipe.Name, func(t *testing.T) {
			t.Parallel()
			if n > 0 {
				requireFullMatrix(t)
			}
			disks, err := testguest.BuildDisks(t.Context(), recipe, io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			directly := answerDirectly(t, disks, unread[recipe.Name])
			there := answerOfAppliance(t, recipe, disks)
			if directly == nil {
				return
			}
			for n := range there.Systems {
				// The inspection sees no /usr that lies elsewhere, and takes Debian's
				// version for the name.
				if system := &there.Systems[n]; system.Product == system.Version {
					system.Product = directly.Systems[0].Product
				}
			}
			if diff := cmp.Diff(there, directly, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
				t.Errorf("an appliance says otherwise (-appliance +direct):\n%s", diff)
			}
		})
	}
}

// answer is what is said of a guest.
type answer struct {
	Devices guest.Devices
	Systems []guest.OS
	Mounts  []guest.Mount
	Kernels []report.Kernel
}

func answerDirectly(t *testing.T, disks []string, isUnread bool) *answer {
	t.Helper()
	started := time.Now()
	var images []qemuimg.Image
	for _, disk := range disks {
		images = append(images, qemuimg.Image{Path: disk, Format: "vmdk"})
	}
	server, err := offline.Serve(t.Context(), images, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}()
	var opened []offline.Disk
	for n, reader := range server.Readers {
		opened = append(opened, offline.Disk{ReaderAt: reader, Size: server.Sizes[n], SectorSize: 512})
	}
	view, err := offline.Look(t.Context(), opened, true)
	if err != nil {
		t.Fatal(err)
	}
	if isUnread != (len(view.Unread) > 0) {
		t.Fatalf("what was not read is %q", view.Unread)
	}
	if isUnread {
		t.Logf("left to the appliance after %s: %q", time.Since(started), view.Unread)
		return nil
	}
	if len(view.Systems) != 1 {
		t.Fatalf("%d operating systems were found", len(view.Systems))
	}
	if len(view.Stale) > 0 {
		t.Errorf("the guest was shut down and %q are stale", view.Stale)
	}
	mounted, err := view.Mount(view.Systems[0])
	if err != nil {
		t.Fatal(err)
	}
	found := &answer{mounted.Devices, view.Systems, mounted.Mounts, survey(t, mounted.FS, mounted.Mounts)}
	t.Logf("answered after %s", time.Since(started))
	return found
}

// answerOfAppliance says what libguestfs' inspection does, with which the look at the
// file systems' signs is compared.
func answerOfAppliance(t *testing.T, recipe testguest.Recipe, disks []string) *answer {
	t.Helper()
	var drives []appliance.Drive
	for _, disk := range disks {
		drives = append(drives, appliance.Drive{Path: disk, Format: "vmdk", ReadOnly: true})
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
	var keys []guest.Key
	for _, encrypted := range recipe.Layout.Encrypted {
		keys = append(keys, guest.Key{Device: encrypted.Device, Passphrase: encrypted.Passphrase})
	}
	if err := session.OpenLUKS(keys); err != nil {
		t.Fatal(err)
	}
	if _, err := session.Devices(); err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	bySigns, certain, err := session.FindSystems()
	if err != nil || certain == unsigned[recipe.Name] {
		t.Errorf("certain of the signs of %d systems: %t, %v", len(bySigns), certain, err)
	}
	t.Logf("systems were told by their signs after %s", time.Since(started))
	found, started := &answer{}, time.Now()
	if found.Systems, err = session.Inspect(); err != nil || len(found.Systems) == 0 {
		t.Fatalf("%d operating systems, %v", len(found.Systems), err)
	}
	t.Logf("libguestfs inspected the guest for %s", time.Since(started))
	if !certain {
		bySigns = found.Systems
	}
	if diff := cmp.Diff(found.Systems, bySigns, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
		t.Errorf("libguestfs says otherwise (-libguestfs +signs):\n%s", diff)
	}
	if found.Mounts, _, err = session.MountGuest(found.Systems[0]); err != nil {
		t.Fatal(err)
	}
	if found.Devices, err = session.Devices(); err != nil {
		t.Fatal(err)
	}
	found.Kernels = survey(t, session, found.Mounts)
	return found
}

func survey(t *testing.T, files guest.FS, mounts []guest.Mount) []report.Kernel {
	t.Helper()
	editor, err := edit.New(edit.Guest{FS: files, Mounts: mounts}, false)
	if err != nil {
		t.Fatal(err)
	}
	kernels, err := kernel.Survey(t.Context(), editor.Reader, true, "")
	if err != nil {
		t.Fatal(err)
	}
	return kernels
}
