package fix

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/fstab"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/initrd"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// TestAccFixedGuest boots a guest whose initramfs has no virtio driver and
// whose network card was called ens192: it fails unfixed, and fixed it comes up
// with its card and address.
func TestAccFixedGuest(t *testing.T) {
	if os.Getenv("TF_ACC") == "" || os.Getenv("HYPER2KVM_TEST_FULL") == "" {
		t.Skip("builds and boots a real guest, for many minutes: set TF_ACC=1 and HYPER2KVM_TEST_FULL=1 or run make testacc-full")
	}
	recipe, err := testguest.Lookup("debian12-bios-no-virtio")
	if err != nil {
		t.Fatal(err)
	}
	source, err := testguest.Build(t.Context(), recipe)
	if err != nil {
		t.Fatal(err)
	}
	disk := filepath.Join(t.TempDir(), "disk.qcow2")
	if out, err := exec.Command("qemu-img", "create", "-q", "-f", "qcow2", "-F", "vmdk", "-b", source, disk).CombinedOutput(); err != nil {
		t.Fatalf("qemu-img: %v: %s", err, out)
	}
	boot := func(probe bool) testguest.BootResult {
		result, err := testguest.Boot(t.Context(), testguest.BootOptions{
			Disks: []testguest.BootDisk{{Path: disk}}, Timeout: 8 * time.Minute, WaitForProbe: probe,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s after %.0f s: %s", result.State, result.Duration.Seconds(), result.Reason)
		return result
	}
	if result := boot(false); result.State == testguest.StateLogin {
		t.Error("the unfixed guest boots: there is nothing to prove")
	}
	result, warnings := fixDisk(t, disk)
	for _, w := range warnings {
		t.Logf("warning: %s (%s)", w.Message, w.Remedy)
	}
	if len(result.Kernels) != 1 || result.Kernels[0].Action != initrd.Extended {
		t.Errorf("kernels: %+v", result.Kernels)
	}
	if again, _ := fixDisk(t, disk); !again.Unchanged {
		t.Errorf("the second run changed %+v", again.Changes)
	}
	fixed := boot(true)
	if fixed.State != testguest.StateLogin || fixed.Probe == nil {
		t.Fatalf("the fixed guest came to %s: %s\n%s", fixed.State, fixed.Reason, fixed.Console)
	}
	card := slices.IndexFunc(fixed.Probe.Addresses, func(a testguest.Address) bool { return a.Interface == "ens192" })
	if card < 0 || !slices.Contains(fixed.Probe.Addresses[card].Addresses, "192.0.2.10/24") {
		t.Errorf("addresses: %+v", fixed.Probe.Addresses)
	}
}

// fixDisk runs all fixes over an image in an appliance.
func fixDisk(t *testing.T, disk string) (report.FixResult, []report.Warning) {
	t.Helper()
	session, err := appliance.Open(t.Context(), []appliance.Drive{{Path: disk, Format: "qcow2"}}, appliance.Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	result, warnings, err := fixSession(t, session)
	if closed := session.Close(); err == nil {
		err = closed
	}
	if err != nil {
		t.Fatal(err)
	}
	return result, warnings
}

func fixSession(t *testing.T, session *appliance.Session) (report.FixResult, []report.Warning, error) {
	systems, err := session.Inspect()
	if err != nil {
		return report.FixResult{}, nil, err
	}
	mounts, _, err := session.MountGuest(systems[0])
	if err != nil {
		return report.FixResult{}, nil, err
	}
	devices, err := session.Devices()
	if err != nil {
		return report.FixResult{}, nil, err
	}
	editor, err := edit.New(edit.Guest{FS: session, Runner: session, Mounts: mounts}, true)
	if err != nil {
		return report.FixResult{}, nil, err
	}
	target := Target{Editor: editor, Devices: devices, OS: systems[0], Firmware: guest.FirmwareBIOS}
	last, step := time.Now(), ""
	target.Progress = func(_ float64, message string) {
		if step != "" {
			t.Logf("%-28s %5.2f s", step, time.Since(last).Seconds())
		}
		last, step = time.Now(), message
	}
	return Run(context.WithoutCancel(t.Context()), target, Options{
		UpdateGrub: true, RegenInitramfs: true, FstabMode: fstab.ModeStabilizeAll, RemoveVMwareTools: true,
	})
}
