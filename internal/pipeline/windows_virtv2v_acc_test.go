package pipeline_test

import (
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	product "github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/boot"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/drivers/driverstest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/offline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry/registrytest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

const (
	expectedFile = "testdata/virt-v2v-2.2-windows.txt"
	softwareHive = "/Windows/System32/config/SOFTWARE"
)

// comparedWindows are the guests that are migrated by virt-v2v as well: every Windows with
// the firmware that it is mostly installed with, and two with the other. The hive SYSTEM
// of the servers is that of the Windows 10, whose layout they have.
func comparedWindows(t *testing.T) []testguest.Windows {
	t.Helper()
	const set7, set10 = "windows7-vmware-SYSTEM", "windows10-1709-vmware-SYSTEM"
	var guests []testguest.Windows
	for _, g := range []struct {
		name, system string
		firmware     testguest.Firmware
		edition      edition
	}{
		{"windows7-bios", set7, testguest.BIOS, windows7Pro},
		{"windows10-bios", set10, testguest.BIOS, windows10Pro},
		{"windows10-uefi", set10, testguest.UEFI, windows10Pro},
		{"server2016-bios", set10, testguest.BIOS, edition{"Windows Server 2016 Standard", "Server", "6.3", "14393", 10}},
		{"server2019-bios", set10, testguest.BIOS, edition{"Windows Server 2019 Standard", "Server", "6.3", "17763", 10}},
		{"server2022-uefi", set10, testguest.UEFI, edition{"Windows Server 2022 Standard", "Server", "6.3", "20348", 10}},
	} {
		keys := g.edition.keys()
		keys[`Microsoft\Windows\CurrentVersion`] = []registry.Value{
			registry.TextValue("DevicePath", registry.Expand, `%SystemRoot%\inf`), registry.TextValue("ProgramFilesDir", registry.String, `C:\Program Files`),
		}
		keys[`Microsoft\Windows\CurrentVersion\Uninstall\{D533345C-7F8D-4807-AE80-E06CE2045B0E}`] = []registry.Value{
			registry.TextValue("DisplayName", registry.String, "VMware Tools"),
			registry.TextValue("UninstallString", registry.String, "MsiExec.exe /I{D533345C-7F8D-4807-AE80-E06CE2045B0E}"),
		}
		w := testguest.Windows{Name: "compared-" + g.name, Firmware: g.firmware, System: realHive(t, g.system), Software: registrytest.Build(keys)}
		if g.firmware == testguest.UEFI {
			w.ESP = maps.Clone(windows10(t).ESP)
			if g.edition != windows10Pro {
				w.ESP["/EFI/Boot/bootx64.efi"] = []byte("MZ the loader of a system that is gone")
			}
		}
		guests = append(guests, w)
	}
	return guests
}

// TestExpectedOfVirtV2V: the list of what virt-v2v does differently can be read, and is of
// the guests that are compared.
func TestExpectedOfVirtV2V(t *testing.T) {
	t.Parallel()
	var known []string
	for _, w := range comparedWindows(t) {
		known = append(known, strings.TrimPrefix(w.Name, "compared-"))
	}
	seen := map[string]string{}
	for _, e := range readExpectations(t, expectedFile) {
		for _, g := range e.guests {
			if !slices.Contains(known, g) {
				t.Errorf("%q: there is no guest %s among %q", e.reason, g, known)
			}
			for _, line := range e.lines {
				if other := seen[g+line]; other != "" {
					t.Errorf("%s of %s has two reasons: %q and %q", line, g, other, e.reason)
				}
				seen[g+line] = e.reason
			}
		}
	}
	if len(seen) == 0 {
		t.Error("the list is empty")
	}
}

// TestAccWindowsVirtV2V migrates what looks like a Windows with virt-v2v 2.2 and with this
// program, and compares all keys, values and files of the two guests. What differs
// stands in a list with its reason, and all that stands there differs.
func TestAccWindowsVirtV2V(t *testing.T) {
	t.Parallel()
	requireFullMatrix(t)
	version, err := exec.CommandContext(t.Context(), "virt-v2v", "--version").Output()
	if err != nil {
		t.Fatalf("virt-v2v, which make dependencies installs: %v", err)
	}
	if !strings.HasPrefix(string(version), "virt-v2v 2.2.") {
		t.Skipf("%s is of virt-v2v 2.2, and this is %s", expectedFile, version)
	}
	virtioWin := t.TempDir()
	driverstest.Write(t, driverstest.ISO(), virtioWin)
	list := readExpectations(t, expectedFile)
	for _, w := range comparedWindows(t) {
		name := strings.TrimPrefix(w.Name, "compared-")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := buildWindows(t, w)
			before := digest(t, source)
			their := contentOf(t, migratedByVirtV2V(t, source, virtioWin), w.Firmware)
			image, _ := migratedWithDrivers(t, source, virtioWin, manifest.BlockViostor)
			our := contentOf(t, image, w.Firmware)
			if digest(t, source) != before {
				t.Error("the source changed")
			}
			theirs, ours := fileLines(their.files, our.files)
			maps.Copy(theirs, their.values)
			maps.Copy(ours, our.values)
			requireAgreed(t, theirs, ours)
			found := differences(theirs, ours)
			unexpected, gone := compareExpected(list, name, found)
			if len(unexpected) > 0 {
				t.Errorf("these differences have no reason in %s (- is virt-v2v's):\n%s", expectedFile, strings.Join(unexpected, "\n"))
			}
			if len(gone) > 0 {
				t.Errorf("these differences of %s are none any more:\n%s", expectedFile, strings.Join(gone, "\n"))
			}
			t.Logf("%d lines of virt-v2v's, %d of ours, %d differences", len(theirs), len(ours), len(found))
		})
	}
}

// requireAgreed: both did the most important, so that what is compared are migrations.
func requireAgreed(t *testing.T, theirs, ours lines) {
	t.Helper()
	const service = `SYSTEM\controlset001\services\viostor `
	for _, line := range []string{
		service + `"Type"=dword:00000001`, service + `"Start"=dword:00000000`, service + `"ErrorControl"=dword:00000001`, service + `"Group"=str(1):"SCSI miniport"`,
		service + `"ImagePath"=str(2):"system32\drivers\viostor.sys"`, `SYSTEM\controlset001\control\crashcontrol "AutoReboot"=dword:00000000`,
		`SOFTWARE\microsoft\windows\currentversion "DevicePath"=str(2):"%SystemRoot%\inf;%SystemRoot%\Drivers\VirtIO"`,
		"FILE /windows/system32/drivers/viostor.sys", "FILE /windows/drivers/virtio/netkvm.inf",
	} {
		if !theirs[line] || !ours[line] {
			t.Errorf("%s: %t in virt-v2v's guest, %t in ours", line, theirs[line], ours[line])
		}
	}
}

// migratedByVirtV2V returns virt-v2v's raw image. What it has run at the first boot
// (rhsrvany, which no distribution has) is a stand-in that nothing runs.
func migratedByVirtV2V(t *testing.T, source, virtioWin string) string {
	t.Helper()
	tools, directory := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(tools, "rhsrvany.exe"), []byte("MZ a stand-in"), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "virt-v2v", "--quiet", "-i", "disk", source, "-o", "local", "-os", directory, "-of", "raw", "-on", "guest")
	command.Env = append(os.Environ(), "VIRTIO_WIN="+virtioWin, "VIRT_TOOLS_DATA_DIR="+tools, "LIBGUESTFS_BACKEND=direct", "VIRT_V2V_TMPDIR="+t.TempDir())
	program, err := product.Program()
	if err != nil {
		t.Fatal(err)
	}
	if appliance.KVM(t.Context(), program) != "" {
		command.Env = append(command.Env, "LIBGUESTFS_BACKEND_SETTINGS=force_tcg")
	}
	out, err := command.CombinedOutput()
	t.Logf("virt-v2v says:\n%s", out)
	if err != nil {
		t.Fatalf("virt-v2v: %v", err)
	}
	return filepath.Join(directory, "guest-sda")
}

// migratedWithDrivers returns our raw image, with drivers of virtio-win.
func migratedWithDrivers(t *testing.T, source, virtioWin string, block manifest.BlockDriver) (string, *report.Report) {
	t.Helper()
	directory := t.TempDir()
	m := windowsMigration(source, directory)
	m.Pipeline.Fix.VirtioWin, m.Pipeline.Fix.BlockDriver = virtioWin, block
	r, err := pipeline.Run(t.Context(), m, pipeline.Options{Acceleration: "auto"})
	if err != nil {
		t.Fatalf("the migration failed: %v\n%+v", err, r.Errors)
	}
	logStages(t, r)
	return filepath.Join(directory, "guest.raw"), r
}

// content is what a guest has on its disk.
type content struct {
	values lines             // of its hives
	files  map[string][]byte // all others, and folders with a / at the end
}

// contentOf is what lies in a raw image.
func contentOf(t *testing.T, image string, firmware testguest.Firmware) content {
	t.Helper()
	c := content{lines{}, map[string][]byte{}}
	hives := map[string]string{"SYSTEM": systemHive, "SOFTWARE": softwareHive}
	lookInto(t, image, "raw", func(view *offline.View) {
		readTree(t, mountedFiles(t, view, view.Systems[0]), "", "/", c.files)
		if firmware == testguest.UEFI {
			readTree(t, mountedFiles(t, view, onESP), "ESP", "/", c.files)
			hives["BCD"] = "ESP" + storeOnESP
		}
	})
	for name, file := range hives {
		maps.Copy(c.values, hiveLines(name, export(t, name, c.files[file])))
		delete(c.files, file)
	}
	return c
}

// readTree reads a folder, which ends with a /, and all that is in it.
func readTree(t *testing.T, files guest.FS, volume, folder string, into map[string][]byte) {
	t.Helper()
	names, err := files.ReadDir(path.Clean(folder))
	if err != nil {
		t.Fatal(err)
	}
	into[volume+folder] = nil
	for _, name := range names {
		at := folder + name
		info, err := files.Lstat(at)
		switch {
		case err != nil:
			t.Fatal(err)
		case info.Mode.IsDir():
			readTree(t, files, volume, at+"/", into)
		default:
			if into[volume+at], err = files.ReadFile(at); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// export is a whole hive as hivexregedit(1) reads it.
func export(t *testing.T, name string, hive []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "hive")
	if err := os.WriteFile(file, hive, 0o600); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	cmd := exec.CommandContext(t.Context(), "hivexregedit", "--export", "--unsafe-printable-strings", file, `\`)
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the hive %s: hivexregedit: %v: %s", name, err, said.String())
	}
	return string(out)
}
