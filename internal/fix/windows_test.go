package fix

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/drivers/driverstest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/parttable"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry/registrytest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

const (
	systemHive = "/Windows/System32/config/SYSTEM"
	oldCard    = "{5F3F359E-9D52-4566-9BEC-37EFDFB25ABE}"
	loaderFile = guest.WindowsESP + "/EFI/Microsoft/Boot/bootmgfw.efi"
)

// windowsSystem is the hive SYSTEM of a Windows 7 with VMware's tools and a static
// address.
func windowsSystem() map[string][]registry.Value {
	const set = `ControlSet001\`
	return map[string][]registry.Value{
		"Select":                     {registry.NumberValue("Current", 1)},
		set + `Services\msahci`:      {registry.NumberValue("Start", 3)},
		set + `Services\VMTools`:     {registry.NumberValue("Start", 2)},
		set + `Control\CrashControl`: {registry.NumberValue("AutoReboot", 1)},
		set + `Control\Class\{4d36e972-e325-11ce-bfc1-08002be10318}\0007`: {
			registry.TextValue("ComponentId", registry.String, `pci\ven_8086&dev_100f`), registry.TextValue("NetCfgInstanceId", registry.String, oldCard),
		},
		set + `Services\Tcpip\Parameters\Interfaces\` + oldCard: {
			registry.NumberValue("EnableDHCP", 0), registry.TextsValue("IPAddress", "192.0.2.5"), registry.TextsValue("SubnetMask", "255.255.255.0"),
			registry.TextsValue("DefaultGateway", "192.0.2.1"),
		},
	}
}

// windowsTarget is that Windows on a machine with UEFI.
func windowsTarget(t *testing.T, system []byte) (Target, *guesttest.Tree) {
	t.Helper()
	tree := guesttest.New(t, map[string]string{
		systemHive: string(system), "/Windows/System32/config/SOFTWARE": string(registrytest.Build(nil)), loaderFile: "MZ loader",
	})
	mounts := []guest.Mount{{Device: "/dev/sda2", Path: "/", FSType: "ntfs"}, {Device: "/dev/sda1", Path: guest.WindowsESP, FSType: "vfat"}}
	return Target{
		Editor:   edittest.New(t, edit.Guest{FS: tree, Mounts: mounts, Hives: edittest.Hives{T: t, Files: tree}, Backups: WindowsBackups}),
		OS:       guest.OS{Type: "windows", Root: "/dev/sda2", Product: "Windows 7", Major: 6, Minor: 1, Arch: "x86_64"},
		Firmware: guest.FirmwareUEFI, NICs: []report.NIC{{MAC: "00:0c:29:00:00:07"}},
		FirstBoot: func(arch string) ([]byte, error) { return []byte("the program for " + arch), nil },
	}, tree
}

func TestRunWindows(t *testing.T) {
	t.Parallel()
	target, tree := windowsTarget(t, registrytest.Build(windowsSystem()))
	result, warnings, err := Run(t.Context(), target, Options{RemoveVMwareTools: true})
	if err != nil {
		t.Fatal(err)
	}
	want := report.FixResult{
		Family: "windows", DiskBus: "sata", NICModel: "e1000e", BackupDirectory: WindowsBackups,
		Changes: []report.Change{
			{Path: "/Windows/hyper2kvm/firstboot.exe", Action: report.ActionCreated, Description: "the program that runs the scripts of the first boot"},
			{Path: "/Windows/hyper2kvm/scripts/040-addresses.cmd", Action: report.ActionCreated, Description: "what Windows does at its first boot"},
			{Path: systemHive, Action: report.ActionModified, Description: "start from a SATA disk, without VMware's tools, with a service for the first boot", Diff: `--- HKEY_LOCAL_MACHINE\SYSTEM
+++ HKEY_LOCAL_MACHINE\SYSTEM
 [ControlSet001\Services\msahci]
-"Start"=REG_DWORD 0x3
+"Start"=REG_DWORD 0x0
 [ControlSet001\Services\VMTools]
-"Start"=REG_DWORD 0x2
+"Start"=REG_DWORD 0x4
 [ControlSet001\Control\CrashControl]
-"AutoReboot"=REG_DWORD 0x1
+"AutoReboot"=REG_DWORD 0x0
 [ControlSet001\Services\hyper2kvm-first-boot]
+"Type"=REG_DWORD 0x10
+"Start"=REG_DWORD 0x2
+"ErrorControl"=REG_DWORD 0x1
+"ImagePath"=REG_EXPAND_SZ "\"%SystemRoot%\\hyper2kvm\\firstboot.exe\""
+"ObjectName"=REG_SZ "LocalSystem"
+"DisplayName"=REG_SZ "First boot after the migration"
+"Description"=REG_SZ "Runs the scripts of the migration once and removes itself."
`},
			{Path: guest.WindowsESP + "/EFI/Boot/bootx64.efi", Action: report.ActionCreated, Description: "start Windows by firmware that has no entry for it"},
		},
	}
	if script := &result.Changes[1]; !strings.Contains(script.Diff, "address=192.0.2.5 mask=255.255.255.0 gateway=192.0.2.1") {
		t.Errorf("the script is %s", script.Diff)
	} else {
		script.Diff = ""
	}
	if diff := cmp.Diff(want, result); diff != "" {
		t.Error(diff)
	}
	for id, texts := range map[report.ConcernID][2]string{
		report.ConcernVMwareTools: {"stay installed", "uninstall them"},
	} {
		if !slices.ContainsFunc(warnings, func(w report.Warning) bool {
			return w.ID == id && strings.Contains(w.Message, texts[0]) && strings.Contains(w.Remedy, texts[1])
		}) {
			t.Errorf("%s is not among %+v", id, warnings)
		}
	}

	// Nothing is left to do for a second run.
	again, _ := windowsTarget(t, nil)
	again.Editor = edittest.New(t, edit.Guest{FS: tree, Mounts: target.Editor.Mounts(), Hives: edittest.Hives{T: t, Files: tree}, Backups: WindowsBackups})
	result, _, err = Run(t.Context(), again, Options{RemoveVMwareTools: true})
	if err != nil || !result.Unchanged || result.BackupDirectory != "" {
		t.Errorf("a second run: %v, %+v", err, result)
	}
}

// TestRunWindowsLeavesTools: whoever does not ask for it keeps VMware's tools as they
// are.
func TestRunWindowsLeavesTools(t *testing.T) {
	t.Parallel()
	target, _ := windowsTarget(t, registrytest.Build(windowsSystem()))
	target.Firmware = guest.FirmwareBIOS
	result, warnings, err := Run(t.Context(), target, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := changeOf(t, result, systemHive).Diff; strings.Contains(diff, "VMTools") || !strings.Contains(diff, "msahci") {
		t.Errorf("changed: %s", diff)
	}
	if slices.ContainsFunc(warnings, func(w report.Warning) bool { return w.ID == report.ConcernVMwareTools }) {
		t.Errorf("warnings are %+v", warnings)
	}
}

// TestRunWindowsBootSector: a BIOS has to come to Windows.
func TestRunWindowsBootSector(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		firmware, loader string
		told             string
	}{
		{guest.FirmwareBIOS, parttable.LoaderWindows, ""},
		{guest.FirmwareBIOS, parttable.LoaderUnknown, ""},
		{guest.FirmwareBIOS, "", ""}, // nobody has looked
		{guest.FirmwareUEFI, parttable.LoaderNone, ""},
		{guest.FirmwareBIOS, parttable.LoaderNone, "hold no boot loader"},
		{guest.FirmwareBIOS, parttable.LoaderGRUB, "starts GRUB"},
	} {
		target, _ := windowsTarget(t, registrytest.Build(windowsSystem()))
		target.Firmware, target.BootLoader = test.firmware, test.loader
		_, warnings, err := Run(t.Context(), target, Options{})
		if err != nil {
			t.Fatal(err)
		}
		told := slices.DeleteFunc(warnings, func(w report.Warning) bool { return w.ID != report.ConcernBootSector })
		if (len(told) == 1) != (test.told != "") || len(told) > 1 || len(told) == 1 && (!strings.Contains(told[0].Message, test.told) || !strings.Contains(told[0].Remedy, "all disks of the machine")) {
			t.Errorf("%s, %q: told %+v, want %q", test.firmware, test.loader, told, test.told)
		}
	}
}

// changeOf is the change of a path.
func changeOf(t *testing.T, result report.FixResult, name string) report.Change {
	t.Helper()
	at := slices.IndexFunc(result.Changes, func(c report.Change) bool { return c.Path == name })
	if at < 0 {
		t.Fatalf("%s was not changed: %+v", name, result.Changes)
	}
	return result.Changes[at]
}

// TestRunWindowsRefuses: nothing of the guest is another afterwards.
func TestRunWindowsRefuses(t *testing.T) {
	t.Parallel()
	dirty := registrytest.Build(windowsSystem())
	dirty[4]++
	registrytest.Sign(dirty)
	withoutSATA := windowsSystem()
	delete(withoutSATA, `ControlSet001\Services\msahci`)
	withoutSet := windowsSystem()
	withoutSet["Select"] = []registry.Value{registry.NumberValue("Current", 1), registry.NumberValue("Default", 2)}
	sound := registrytest.Build(windowsSystem())
	for name, test := range map[string]struct {
		system []byte
		change func(*Target)
		want   string
		isErr  error
	}{
		"dirty hive":         {dirty, func(*Target) {}, systemHive, registry.ErrDirty},
		"no set that starts": {registrytest.Build(withoutSet), func(*Target) {}, "starts with ControlSet002, which is not there", registry.ErrDamaged},
		"no SATA":            {registrytest.Build(withoutSATA), func(*Target) {}, "no driver for SATA", nil},
		"dirty volume":       {sound, func(t *Target) { t.Unclean = []string{"/dev/sda2"} }, "in use when", nil},
		"no space": {sound, func(target *Target) {
			files, ok := target.Editor.Files.(guest.FS)
			if !ok {
				t.Fatalf("the files are %T", target.Editor.Files)
			}
			target.Editor = edittest.New(t, edit.Guest{
				FS: files, Mounts: target.Editor.Mounts(), Space: func(string) (guest.Space, error) { return guest.Space{Free: 99 << 20, Inodes: -1}, nil },
			})
		}, "99 MiB", edit.ErrNoSpace},
		"unknown version": {sound, func(t *Target) { t.OS.Major = 0 }, "which Windows", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target, tree := windowsTarget(t, test.system)
			before := guesttest.Files(t, tree)
			test.change(&target)
			_, _, err := Run(t.Context(), target, Options{RemoveVMwareTools: true})
			if err == nil || !strings.Contains(err.Error(), test.want) || remedy.Of(err) == "" || test.isErr != nil && !errors.Is(err, test.isErr) {
				t.Errorf("error = %v, remedy %q; want one that says %q", err, remedy.Of(err), test.want)
			}
			if diff := cmp.Diff(before, guesttest.Files(t, tree)); diff != "" {
				t.Error(diff)
			}
			if got, err := tree.ReadFile(systemHive); err != nil || !bytes.Equal(got, test.system) {
				t.Errorf("the hive was changed: %v", err)
			}
		})
	}
}

// windows2019Target is a Windows that virtio-win has drivers for.
func windows2019Target(t *testing.T) (Target, *guesttest.Tree) {
	t.Helper()
	system := windowsSystem()
	system["DriverDatabase"] = nil
	target, tree := windowsTarget(t, registrytest.Build(system))
	text := func(name, text string) registry.Value { return registry.TextValue(name, registry.String, text) }
	software := registrytest.Build(map[string][]registry.Value{
		`Microsoft\Windows NT\CurrentVersion`: {
			text("ProductName", "Windows Server 2019 Standard"), text("InstallationType", "Server"), text("CurrentBuildNumber", "17763"),
			registry.NumberValue("CurrentMajorVersionNumber", 10), registry.NumberValue("CurrentMinorVersionNumber", 0),
		},
		`Microsoft\Windows\CurrentVersion`: {registry.TextValue("DevicePath", registry.Expand, `%SystemRoot%\inf`)},
	})
	for name, data := range map[string]string{"/Windows/System32/config/SOFTWARE": string(software), "/Windows/System32/Drivers/x.sys": ""} {
		if err := tree.MkdirAll("/Windows/System32/Drivers", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := tree.WriteFile(name, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	target.OS.Major, target.OS.Minor = 10, 0
	return target, tree
}

// TestRunWindowsWithDrivers: the drivers lie where Windows looks for them, and it
// starts from a disk of theirs.
func TestRunWindowsWithDrivers(t *testing.T) {
	t.Parallel()
	for driver, bus := range map[string]string{"viostor": "virtio", "vioscsi": "scsi"} {
		t.Run(driver, func(t *testing.T) {
			t.Parallel()
			target, tree := windows2019Target(t)
			folder := t.TempDir()
			driverstest.Write(t, driverstest.ISO(), folder)
			options := Options{VirtioWin: folder, BlockDriver: driver}
			result, _, err := Run(t.Context(), target, options)
			if err != nil {
				t.Fatal(err)
			}
			if result.DiskBus != bus || result.NICModel != "virtio" {
				t.Errorf("it is to have %s and %s", result.DiskBus, result.NICModel)
			}
			for _, name := range []string{"/Windows/System32/Drivers/" + driver + ".sys", "/Windows/Drivers/VirtIO/" + driver + ".inf", "/Windows/Drivers/VirtIO/netkvm.inf"} {
				if !slices.ContainsFunc(result.Changes, func(c report.Change) bool { return c.Path == name && c.Action == report.ActionCreated }) {
					t.Errorf("%s is not among the changes", name)
				}
				if _, err := tree.Stat(name); err != nil {
					t.Error(err)
				}
			}
			diffs := ""
			for _, change := range result.Changes {
				diffs += change.Diff
			}
			for _, want := range []string{`+"DevicePath"=REG_EXPAND_SZ "%SystemRoot%\\inf;%SystemRoot%\\Drivers\\VirtIO"`, `DriverDatabase\DriverPackages\` + driver, `[ControlSet001\Services\msahci]`} {
				if !strings.Contains(diffs, want) {
					t.Errorf("%s is not in\n%s", want, diffs)
				}
			}

			again, _ := windows2019Target(t)
			again.Editor = edittest.New(t, edit.Guest{FS: tree, Mounts: target.Editor.Mounts(), Hives: edittest.Hives{T: t, Files: tree}, Backups: WindowsBackups})
			if result, _, err := Run(t.Context(), again, options); err != nil || !result.Unchanged {
				t.Errorf("a second run: %v, %+v", err, result.Changes)
			}
		})
	}
}

// TestRunWindowsWithoutItsDriver: virtio-win that has no driver for this Windows changes
// nothing.
func TestRunWindowsWithoutItsDriver(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]Options{
		"an empty directory": {VirtioWin: t.TempDir(), BlockDriver: "viostor"},
		"no such file":       {VirtioWin: t.TempDir() + "/none", BlockDriver: "viostor"},
		"no such driver":     {VirtioWin: t.TempDir(), BlockDriver: "pvscsi"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target, tree := windows2019Target(t)
			before := guesttest.Files(t, tree)
			if _, _, err := Run(t.Context(), target, options); err == nil {
				t.Error("it was not refused")
			}
			if diff := cmp.Diff(before, guesttest.Files(t, tree)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
