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
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/hostname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/parttable"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry/registrytest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// windows10Target is a Windows 10 with VMware's tools and a hive SYSTEM.
func windows10Target(t *testing.T, system []byte) (Target, *guesttest.Tree) {
	t.Helper()
	target, tree := windowsTarget(t, system)
	text := func(name, text string) registry.Value { return registry.TextValue(name, registry.String, text) }
	software := registrytest.Build(map[string][]registry.Value{
		`Microsoft\Windows NT\CurrentVersion`: {
			text("ProductName", "Windows 10 Pro"), text("InstallationType", "Client"), text("CurrentBuildNumber", "16299"),
			registry.NumberValue("CurrentMajorVersionNumber", 10), registry.NumberValue("CurrentMinorVersionNumber", 0),
		},
		`Microsoft\Windows\CurrentVersion`:                                                  {registry.TextValue("DevicePath", registry.Expand, `%SystemRoot%\inf`)},
		`Microsoft\Windows\CurrentVersion\Uninstall\{B7C4F0AD-0123-4567-89AB-0123456789AB}`: {text("DisplayName", "VMware Tools")},
	})
	if err := tree.WriteFile("/Windows/System32/config/SOFTWARE", software, 0o644); err != nil {
		t.Fatal(err)
	}
	target.OS.Major, target.OS.Minor = 10, 0
	return target, tree
}

func realSystem(t *testing.T, name string) []byte {
	t.Helper()
	return registrytest.Clean(registrytest.Load(t, "../registry/testdata", name))
}

// namedSystem is a hive SYSTEM with a name.
func namedSystem() []byte {
	system := windowsSystem()
	system["DriverDatabase"] = nil
	system[`ControlSet001\Services\Tcpip\Parameters`] = []registry.Value{registry.TextValue("Hostname", registry.String, "OLD")}
	return registrytest.Build(system)
}

// TestRunWindowsFirstBoot: all that is left to Windows itself. The
// content of the user's scripts is shown nowhere, and a second run changes nothing.
func TestRunWindowsFirstBoot(t *testing.T) {
	t.Parallel()
	target, tree := windows10Target(t, namedSystem())
	target.Disks = make([]parttable.Disk, 2)
	folder := t.TempDir()
	virtioWin := driverstest.ISO()
	virtioWin["viostor/w10/amd64/viostor.cat"] = driverstest.Catalog(driverstest.ByVendor)
	driverstest.Write(t, virtioWin, folder)
	options := Options{
		RemoveVMwareTools: true, VirtioWin: folder, BlockDriver: "viostor", Hostname: "WEB01",
		FirstBoot: []Script{{"join.ps1", "Join-It -Key 'hunter2'\n"}, {"last.cmd", "echo hunter2\n"}},
	}
	result, warnings, err := Run(t.Context(), target, options)
	if err != nil {
		t.Fatal(err)
	}
	const scripts = "/Windows/hyper2kvm/scripts/"
	for name, want := range map[string]string{
		scripts + "010-drivers.cmd":                  "call :install viostor.inf\r\n",
		scripts + "020-more-drivers.cmd":             "balloon.inf",
		scripts + "030-disks.ps1":                    "Set-Disk -Number $disk.Number -IsOffline $false",
		scripts + "040-addresses.ps1":                "Set-Card '00-0C-29-00-00-07' '" + oldCard + "' @('192.0.2.5/24') @('192.0.2.1') @()",
		scripts + "050-guest-agent.cmd":              `%SystemRoot%\Drivers\VirtIO\qemu-ga-x86_64.msi`,
		scripts + "060-vmware-tools.cmd":             "call :remove {B7C4F0AD-0123-4567-89AB-0123456789AB}",
		scripts + "100-join.ps1":                     "Join-It -Key 'hunter2'\r\n",
		scripts + "101-last.cmd":                     "echo hunter2\r\n",
		"/Windows/hyper2kvm/firstboot.exe":           "the program for x86_64",
		"/Windows/hyper2kvm/publisher-1.cer":         "Red Hat, Inc.",
		"/Windows/Drivers/VirtIO/qemu-ga-x86_64.msi": "",
		"/Windows/System32/drivers/viostor.sys":      "",
	} {
		content, err := tree.ReadFile(name)
		if err != nil || !strings.Contains(string(content), want) {
			t.Errorf("%s is %q, %v; want %q in it", name, content, err, want)
		}
		change := changeOf(t, result, name)
		if strings.Contains(change.Diff, "hunter2") {
			t.Errorf("the report shows %s", change.Diff)
		}
		private := strings.Contains(name, "/hyper2kvm/")
		if info, err := tree.Stat(name); err != nil || (info.Mode.Perm()&0o077 == 0) != private {
			t.Errorf("%s has the mode %v, %v", name, info.Mode, err)
		}
		if own := private && !strings.Contains(name, "/1") && !strings.HasSuffix(name, ".exe") && !strings.HasSuffix(name, ".cer"); own != (change.Diff != "") {
			t.Errorf("%s is shown as %q", name, change.Diff)
		}
	}
	for _, name := range []string{"/Windows/hyper2kvm", scripts} {
		if info, err := tree.Stat(name); err != nil || info.Mode.Perm() != 0o700 {
			t.Errorf("%s has the mode %v, %v", name, info.Mode, err)
		}
	}
	diff := changeOf(t, result, systemHive).Diff
	for _, want := range []string{
		`-"Hostname"=REG_SZ "OLD"`, `+"Hostname"=REG_SZ "WEB01"`, `[ControlSet001\Services\hyper2kvm-first-boot]`, `+"ObjectName"=REG_SZ "LocalSystem"`,
		`[ControlSet001\Services\partmgr\Parameters]
+"SanPolicy"=REG_DWORD 0x1`,
	} {
		if !strings.Contains(diff, want) {
			t.Errorf("%s is not in\n%s", want, diff)
		}
	}
	tools := ""
	for _, warning := range warnings {
		if warning.ID == report.ConcernVMwareTools {
			tools = warning.Message
		}
	}
	if !strings.Contains(tools, "uninstalled at the first boot") {
		t.Errorf("warned of the tools: %q", tools)
	}

	again, _ := windows10Target(t, nil)
	again.Disks = target.Disks
	again.Editor = edittest.New(t, edit.Guest{FS: tree, Mounts: target.Editor.Mounts(), Hives: edittest.Hives{T: t, Files: tree}, Backups: WindowsBackups})
	if result, _, err := Run(t.Context(), again, options); err != nil || !result.Unchanged {
		t.Errorf("a second run: %v, %+v", err, result.Changes)
	}
}

// TestPrepareRealMachines: what is planned on registries of real machines. What is
// planned for one that is prepared already is nothing.
func TestPrepareRealMachines(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		hive    string
		options Options
		disks   int
		want    []string
		scripts []string
		unknown int
	}{
		"Windows 10": {
			"windows10-1709-vmware-SYSTEM", Options{RemoveVMwareTools: true, Hostname: "WEB01", FirstBoot: []Script{{"a.cmd", "exit"}}}, 2,
			[]string{`-"ComputerName"=REG_SZ "DESKTOP-2KGM189"`, `+"ComputerName"=REG_SZ "WEB01"`, `Services\hyper2kvm-first-boot]`, `Services\VMTools]`},
			[]string{"030-disks.ps1", "060-vmware-tools.cmd", "100-a.cmd"}, 0,
		},
		// Of several cards with static addresses and no MAC none gets those of another.
		"Windows 7": {"windows7-vmware-SYSTEM", Options{}, 1, []string{`Services\msahci]`}, nil, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := realSystem(t, test.hive)
			target, _ := windows10Target(t, data)
			target.Disks = make([]parttable.Disk, test.disks)
			w := &windowsRun{run: &run{Target: target, options: test.options}}
			if err := w.check(); err != nil {
				t.Fatal(err)
			}
			hive, err := registry.Open(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				t.Fatal(err)
			}
			edited := registry.Edit(hive)
			for range 2 {
				if err := w.prepare(edited); err != nil {
					t.Fatal(err)
				}
			}
			diff := registry.Diff("SYSTEM", edited.Changes())
			for _, want := range test.want {
				if strings.Count(diff, want) != 1 {
					t.Errorf("%s is not once in\n%s", want, diff)
				}
			}
			var scripts []string
			for _, file := range w.firstBoot.Files[min(1, len(w.firstBoot.Files)):] {
				scripts = append(scripts, file.Path[strings.LastIndexByte(file.Path, '\\')+1:])
			}
			if !slices.Equal(scripts, test.scripts) || len(w.cards) != test.unknown {
				t.Errorf("scripts are %q, unknown cards %v", scripts, w.cards)
			}
			if err := w.tellAddresses(); err != nil {
				t.Fatal(err)
			}
			_, warnings := target.Editor.Take()
			if (len(warnings) > 0) != (test.unknown > 0) {
				t.Errorf("warned of %+v", warnings)
			}
			for _, warning := range warnings {
				if !strings.Contains(warning.Message, "192.168.1.123/24, gateway 192.168.1.1") || !strings.Contains(warning.Remedy, "static 192.168.1.123 255.255.255.0 192.168.1.1") {
					t.Errorf("warned of %+v", warning)
				}
			}
		})
	}
}

// TestRunWindowsNamesAnImage: what sysprep made does not keep the name that it is given, and
// what a policy forbids is not done.
func TestRunWindowsNamesAnImage(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]bool{"IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE": true, "IMAGE_STATE_COMPLETE": false} {
		target, tree := windowsTarget(t, namedSystem())
		software := registrytest.Build(map[string][]registry.Value{
			`Microsoft\Windows NT\CurrentVersion`: nil, `Microsoft\Windows\CurrentVersion\Setup\State`: {registry.TextValue("ImageState", registry.String, state)},
			`Policies\Microsoft\Windows\PowerShell`: {registry.NumberValue("EnableScripts", 0)},
		})
		if err := tree.WriteFile("/Windows/System32/config/SOFTWARE", software, 0o644); err != nil {
			t.Fatal(err)
		}
		_, warnings, err := Run(t.Context(), target, Options{Hostname: "WEB01", FirstBoot: []Script{{"a.ps1", "exit"}}})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(warnings, func(w report.Warning) bool {
			return w.ID == report.ConcernFirstBoot && strings.HasSuffix(w.Message, ": 100-a.ps1")
		}) {
			t.Errorf("nothing is said of the policy: %+v", warnings)
		}
		if got := slices.ContainsFunc(warnings, func(w report.Warning) bool {
			return w.ID == report.ConcernHostname && strings.Contains(w.Remedy, "ComputerName")
		}); got != want {
			t.Errorf("%s: warned of %+v", state, warnings)
		}
	}
}

// TestRunWindowsTellsOfATeam: the addresses of what Windows makes of cards are said, and how
// to set them.
func TestRunWindowsTellsOfATeam(t *testing.T) {
	t.Parallel()
	system := windowsSystem()
	const team = "{6F3F359E-9D52-4566-9BEC-37EFDFB25ABE}"
	system[`ControlSet001\Control\Class\{4d36e972-e325-11ce-bfc1-08002be10318}\0008`] = []registry.Value{
		registry.TextValue("ComponentId", registry.String, `COMPOSITEBUS\MS_IMPLAT_MP`), registry.TextValue("NetCfgInstanceId", registry.String, team),
	}
	system[`ControlSet001\Services\Tcpip\Parameters\Interfaces\`+team] = []registry.Value{
		registry.NumberValue("EnableDHCP", 0), registry.TextsValue("IPAddress", "198.51.100.5"), registry.TextsValue("SubnetMask", "255.255.0.0"),
	}
	target, _ := windowsTarget(t, registrytest.Build(system))
	_, warnings, err := Run(t.Context(), target, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(warnings, func(w report.Warning) bool {
		return w.ID == report.ConcernCardUnknown && strings.Contains(w.Message, "is a team, a bridge or a switch of other cards, has 198.51.100.5/16") &&
			strings.Contains(w.Remedy, "static 198.51.100.5 255.255.0.0")
	}) {
		t.Errorf("warned of %+v", warnings)
	}
}

// TestRunWindowsCannot: what is asked for and cannot be had is said before anything of
// the guest is changed.
func TestRunWindowsCannot(t *testing.T) {
	t.Parallel()
	noProgram := errors.New("built without it")
	inDomain := windowsSystem()
	inDomain[`ControlSet001\Services\Netlogon`] = []registry.Value{registry.NumberValue("Start", 2)}
	authority := windowsSystem()
	authority[`ControlSet001\Services\CertSvc`] = []registry.Value{registry.NumberValue("Start", 2)}
	for name, test := range map[string]struct {
		system  []byte
		change  func(*Target)
		options Options
		want    error
		toDo    string
	}{
		"a name in a domain":     {registrytest.Build(inDomain), func(*Target) {}, Options{Hostname: "WEB01"}, hostname.ErrDomain, "rename the guest when it runs"},
		"a name of an authority": {registrytest.Build(authority), func(*Target) {}, Options{Hostname: "WEB01"}, hostname.ErrRole, "remove that role"},
		"no program": {namedSystem(), func(target *Target) {
			target.FirstBoot = func(string) ([]byte, error) { return nil, remedy.With(noProgram, "build it") }
		}, Options{FirstBoot: []Script{{"a.cmd", "exit"}}}, noProgram, "build it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target, tree := windows10Target(t, test.system)
			test.change(&target)
			before := guesttest.Files(t, tree)
			_, _, err := Run(t.Context(), target, test.options)
			if !errors.Is(err, test.want) || !strings.Contains(remedy.Of(err), test.toDo) {
				t.Errorf("error = %v, remedy %q", err, remedy.Of(err))
			}
			if diff := cmp.Diff(before, guesttest.Files(t, tree)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
