package pipeline_test

import (
	"bytes"
	"context"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/drivers/driverstest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry/registrytest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// oldWindowsCard is the card that the real Windows 10 has.
const oldWindowsCard = "{5F3F359E-9D52-4566-9BEC-37EFDFB25ABE}"

// merged is a hive with changes that hivexregedit(1) made.
func merged(t *testing.T, hive []byte, plan func(*registry.Edited) error) []byte {
	t.Helper()
	opened, err := registry.Open(bytes.NewReader(hive), int64(len(hive)))
	if err != nil {
		t.Fatal(err)
	}
	edited := registry.Edit(opened)
	if err := plan(edited); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	file, patch := filepath.Join(folder, "hive"), filepath.Join(folder, "patch.reg")
	for name, data := range map[string][]byte{file: hive, patch: []byte(registrytest.Patch(edited.Changes()))} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "hivexregedit", "--merge", file, patch).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// configuredWindows is a Windows 10 with a static address, VMware's tools and a folder
// that only some may read.
func configuredWindows(t *testing.T) testguest.Windows {
	t.Helper()
	w := windows10(t)
	w.Name = "windows10-configured"
	const binding = `ControlSet001\Services\Tcpip\Parameters\Interfaces\` + oldWindowsCard
	w.System = merged(t, w.System, func(e *registry.Edited) error {
		for _, value := range []registry.Value{
			registry.NumberValue("EnableDHCP", 0), registry.TextsValue("IPAddress", "192.0.2.5"), registry.TextsValue("SubnetMask", "255.255.255.0"),
			registry.TextsValue("DefaultGateway", "192.0.2.1"), registry.TextValue("NameServer", registry.String, "192.0.2.53"),
		} {
			if err := e.Set(binding, value); err != nil {
				return err
			}
		}
		// As a server has it.
		return e.Set(`ControlSet001\Services\partmgr\Parameters`, registry.NumberValue("SanPolicy", 2))
	})
	text := func(name, text string) registry.Value { return registry.TextValue(name, registry.String, text) }
	w.Software = registrytest.Build(map[string][]registry.Value{
		`Microsoft\Windows NT\CurrentVersion`: {
			text("ProductName", "Windows 10 Pro"), text("InstallationType", "Client"), text("CurrentVersion", "6.3"), text("CurrentBuildNumber", "16299"),
			registry.NumberValue("CurrentMajorVersionNumber", 10), registry.NumberValue("CurrentMinorVersionNumber", 0),
		},
		`Microsoft\Windows\CurrentVersion`:                                                  {registry.TextValue("DevicePath", registry.Expand, `%SystemRoot%\inf`)},
		`Microsoft\Windows\CurrentVersion\Uninstall\{B7C4F0AD-0123-4567-89AB-0123456789AB}`: {text("DisplayName", "VMware Tools")},
	})
	return w
}

// dataDisk is a disk with a volume of NTFS that has no system.
func dataDisk(t *testing.T) string {
	t.Helper()
	disk := filepath.Join(t.TempDir(), "data.raw")
	if err := os.WriteFile(disk, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(disk, 16<<20); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "mkntfs", "-q", "-Q", "-F", "-L", "DATA", disk).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return disk
}

// packed is a package with disks.
func packed(t *testing.T, disks ...string) string {
	t.Helper()
	var packed []string
	for n, disk := range disks {
		packed = append(packed, filepath.Join(t.TempDir(), "disk.vmdk"))
		qemuImg(t, "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized", disk, packed[n])
	}
	return makeOVA(t, packagedMachine{name: "web01", disks: packed})
}

var (
	rightsLine = regexp.MustCompile(`Acc rgts (0x[0-9a-f]+)`)
	whomLine   = regexp.MustCompile(`^\s*dec (S-[0-9-]+)`)
)

// rightsOf is who may do what with a file of a volume of NTFS, as ntfssecaudit(8) tells
// it: rights by identifiers.
func rightsOf(ctx context.Context, t *testing.T, volume, name string) map[string]string {
	t.Helper()
	out, err := exec.CommandContext(ctx, "ntfssecaudit", "-vv", volume, name).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
	rights, last := map[string]string{}, ""
	_, list, _ := strings.Cut(string(out), "\nDACL\n")
	for line := range strings.Lines(list) {
		if found := rightsLine.FindStringSubmatch(line); found != nil {
			last = found[1]
		}
		if found := whomLine.FindStringSubmatch(line); found != nil {
			rights[found[1]] = last
		}
	}
	return rights
}

// volumeOf is the system volume of an image of a Windows that starts by UEFI.
func volumeOf(t *testing.T, image string) string {
	t.Helper()
	volume := filepath.Join(t.TempDir(), "volume")
	const start = 2048 + 64<<11 // behind the EFI system partition, in sectors
	qemuImg(t, "dd", "-f", "raw", "-O", "raw", "bs=512", "skip="+strconv.Itoa(start), "if="+image, "of="+volume)
	return volume
}

// TestAccWindowsConfigured migrates what looks like a Windows 10 with a data disk, with
// all that can be asked for. Other readers than the ones that checked it find it in the
// image: hivexregedit the registry, ntfssecaudit who may read the scripts. The dry run
// told of it, and a second run changes nothing.
func TestAccWindowsConfigured(t *testing.T) {
	t.Parallel()
	requireAcceptance(t)
	system, err := testguest.BuildWindows(t.Context(), configuredWindows(t), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	data, virtioWin := dataDisk(t), t.TempDir()
	driverstest.Write(t, driverstest.ISO(), virtioWin)
	const key = "Opensesame7"
	migrated := func(source string, dry bool) (*report.Report, string) {
		t.Helper()
		directory := t.TempDir()
		m := windowsMigration(source, directory)
		m.Source.Type, m.Output.Filename, m.Options.DryRun = manifest.SourceOVA, "", dry
		m.Source.NICs = []manifest.NIC{{MAC: "00:0c:29:00:00:07"}}
		m.Pipeline.Fix.VirtioWin = virtioWin
		m.Configuration = &manifest.Configuration{
			Hostname:  &manifest.Hostname{Hostname: "WEB01"},
			FirstBoot: []manifest.Script{{Name: "join.ps1", Content: "Join-It -Key '" + key + "'\n"}, {Name: "last.cmd", Content: "echo last\n"}},
		}
		r, err := pipeline.Run(t.Context(), m, pipeline.Options{Acceleration: "auto"})
		if err != nil {
			t.Fatalf("the migration failed: %v\n%+v", err, r.Errors)
		}
		logStages(t, r)
		return r, directory
	}
	source := packed(t, system, data)
	told, _ := migrated(source, true)
	r, directory := migrated(source, false)
	fixed := resultOf[report.FixResult](t, r)
	if diff := cmp.Diff(resultOf[report.FixResult](t, told).Changes, fixed.Changes); diff != "" {
		t.Errorf("the dry run told of other changes: %s", diff)
	}
	for _, change := range fixed.Changes {
		if strings.Contains(change.Diff, key) {
			t.Errorf("the report shows the script: %s", change.Diff)
		}
	}
	image := filepath.Join(directory, "web01.raw")
	requireConfigured(t, image, key)
	second := filepath.Join(directory, "web01-disk2.raw")
	qemuImg(t, "compare", "-f", "raw", "-F", "raw", data, second)
	if m := r.NewMachine; m == nil || len(m.Disks) != 2 || m.Disks[0].Bus != "virtio" || m.NICs[0].Model != "virtio" || m.NICs[0].MAC != "00:0c:29:00:00:07" {
		t.Errorf("the machine is %+v", m)
	}
	const backup = fix.WindowsBackups + "/SYSTEM.reg"
	undo := bytes.ReplaceAll(filesOf(t, image, "raw", backup)[backup], []byte{0}, nil)                          // it is UTF-16
	if !bytes.Contains(undo, []byte(`"ComputerName"=hex(1):44,00,45,00,53,00,4b,00,54,00,4f,00,50,00,2d,00`)) { // DESKTOP-
		t.Error("the backup has not the old name")
	}

	again, _ := migrated(packed(t, image, second), false)
	if fixed := resultOf[report.FixResult](t, again); !fixed.Unchanged {
		t.Errorf("a second run changes %+v", fixed.Changes)
	}
}

// requireConfigured looks for what was asked for in an image.
func requireConfigured(t *testing.T, image, key string) {
	t.Helper()
	const (
		folder   = "/Windows/hyper2kvm"
		scripts  = folder + "/scripts/"
		drivers  = "/Windows/Drivers/VirtIO"
		software = "/Windows/System32/config/SOFTWARE"
	)
	want := map[string]string{
		scripts + "010-drivers.cmd": "call :install viostor.inf\r\n", scripts + "030-disks.ps1": "-IsOffline $false",
		scripts + "040-addresses.ps1":    "Set-Card '00-0C-29-00-00-07' '" + oldWindowsCard + "' @('192.0.2.5/24') @('192.0.2.1') @('192.0.2.53')\r\n",
		scripts + "060-vmware-tools.cmd": "{B7C4F0AD-0123-4567-89AB-0123456789AB}", scripts + "100-join.ps1": key, scripts + "101-last.cmd": "echo last\r\n",
		folder + "/firstboot.exe": "MZ", drivers + "/netkvm.inf": "", "/Windows/System32/drivers/viostor.sys": "",
	}
	files := filesOf(t, image, "raw", append(slices.Sorted(maps.Keys(want)), systemHive, software)...)
	for name, text := range want {
		if !bytes.Contains(files[name], []byte(text)) {
			t.Errorf("%s is %q, without %q", name, files[name], text)
		}
	}
	const set = `ControlSet001\`
	values := exported(t, files[systemHive], set+`Services\hyper2kvm-first-boot`, set+`Services\viostor`, set+`Services\VMTools`, set+`Services\partmgr\Parameters`)
	requireValues(t, values, map[string]string{
		set + `Services\hyper2kvm-first-boot\Type`: "dword:00000010", set + `Services\hyper2kvm-first-boot\Start`: "dword:00000002",
		set + `Services\viostor\Start`: "dword:00000000", set + `Services\VMTools\Start`: "dword:00000004",
		set + `Services\partmgr\Parameters\SanPolicy`: "dword:00000001", set + `Services\hyper2kvm-first-boot\SanPolicy`: "dword:00000002",
	})
	names := exported(t, files[systemHive], set+`Control\ComputerName\ComputerName`, set+`Services\Tcpip\Parameters`)
	const web01 = "hex(1):57,00,45,00,42,00,30,00,31,00,00,00"
	requireValues(t, names, map[string]string{set + `Control\ComputerName\ComputerName\ComputerName`: web01, set + `Services\Tcpip\Parameters\Hostname`: web01})

	const (
		all, reads            = "0x1f01ff", "0x1200a9"
		system, admins, users = "S-1-5-18", "S-1-5-32-544", "S-1-5-32-545"
	)
	private := map[string]string{system: all, admins: all}
	open := map[string]string{system: all, admins: all, users: reads}
	volume := volumeOf(t, image)
	for name, want := range map[string]map[string]string{
		folder: private, path.Clean(scripts): private, folder + "/firstboot.exe": private, scripts + "100-join.ps1": private, scripts + "030-disks.ps1": private,
		fix.WindowsBackups + "/SYSTEM.reg": private,
		drivers:                            open, drivers + "/netkvm.inf": open, "/Windows/System32/drivers/viostor.sys": open, path.Dir(fix.WindowsBackups): open,
	} {
		if diff := cmp.Diff(want, rightsOf(t.Context(), t, volume, name)); diff != "" {
			t.Errorf("who may do what with %s: %s", name, diff)
		}
	}
}
