package firstboot_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	windows "github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/firstboot"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/network"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry/registrytest"
)

var update = flag.Bool("update", false, "write what is planned into testdata")

func addresses(texts ...string) []netip.Addr {
	var list []netip.Addr
	for _, text := range texts {
		list = append(list, netip.MustParseAddr(text))
	}
	return list
}

// everything is a task with all that there is.
func everything(s registry.Software) windows.Task {
	return windows.Task{
		Windows: s, DriverFolder: `Drivers\VirtIO`,
		Drivers:    []windows.Driver{{INF: "viostor.inf", Essential: true}, {INF: "netkvm.inf", Essential: true}, {INF: "smbus.inf"}, {INF: "viorng.inf"}},
		Publishers: [][]byte{[]byte("certificate")},
		Agent:      "qemu-ga-x86_64.msi", Balloon: "blnsvr.exe", OnlineDisks: true,
		Cards: []network.Card{
			{
				MAC: "00:50:56:aa:bb:01", ID: "{01234567-89AB-CDEF-0123-456789ABCDEF}",
				Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.10/24"), netip.MustParsePrefix("192.0.2.11/24")},
				Gateways:  addresses("192.0.2.1", "192.0.2.2"), NameServers: addresses("192.0.2.53", "198.51.100.53"),
			},
			{MAC: "00-50-56-AA-BB-02", Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.10/8")}},
		},
		VMwareTools: []string{"{B7C4F0AD-0123-4567-89AB-0123456789AB}"},
		Scripts: []windows.Script{
			{Name: "join.ps1", Content: "Write-Output 'Grüße'\n"}, {Name: "fails.cmd", Content: "exit /b 7"}, {Name: "restart.bat", Content: "exit /b 3010\r\n"},
			{Name: "last.cmd", Content: "@echo off\necho LAST\n"},
		},
	}
}

var (
	windows7  = registry.Software{Product: "Windows 7 Professional", Major: 6, Minor: 1, Build: 7601}
	windows10 = registry.Software{Product: "Windows 10 Pro", Major: 10, Build: 19045}
)

func program() ([]byte, error) { return []byte("program"), nil }

// plan is what is planned beside the program.
func plan(t *testing.T, task windows.Task) windows.Plan {
	t.Helper()
	planned, err := windows.New(task, program)
	if err != nil {
		t.Fatal(err)
	}
	if first := planned.Files[0]; first.Path != `hyper2kvm\firstboot.exe` || string(first.Content) != "program" {
		t.Fatalf("the first file is %s: %q", first.Path, first.Content)
	}
	planned.Files = planned.Files[1:]
	for n, certificate := range task.Publishers {
		if file := planned.Files[0]; file.Path != `hyper2kvm\`+fmt.Sprintf("publisher-%d.cer", n+1) || !bytes.Equal(file.Content, certificate) {
			t.Fatalf("the file of publisher %d is %s: %q", n+1, file.Path, file.Content)
		}
		planned.Files = planned.Files[1:]
	}
	return planned
}

// TestPlans: the scripts for a Windows that has the newer modules of PowerShell, and
// for one that has not.
func TestPlans(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]registry.Software{"windows7": windows7, "windows10": windows10} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			planned := plan(t, everything(s))
			var text strings.Builder
			for _, file := range planned.Files {
				content := string(file.Content)
				if strings.Count(content, "\n") != strings.Count(content, "\r\n") || !strings.HasSuffix(content, "\r\n") {
					t.Errorf("%s has other line ends than Windows'", file.Path)
				}
				fmt.Fprintf(&text, "-- %s (secret: %v) --\n%s", file.Path, file.Secret, strings.ReplaceAll(content, "\r\n", "\n"))
			}
			golden := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(text.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), text.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestNothingToDo: then there is no service.
func TestNothingToDo(t *testing.T) {
	t.Parallel()
	planned, err := windows.New(windows.Task{Windows: windows10}, func() ([]byte, error) {
		t.Error("the program is asked for")
		return program()
	})
	if err != nil || len(planned.Files) > 0 {
		t.Errorf("planned %+v, %v", planned, err)
	}
}

// TestNoProgram: nothing is planned without it.
func TestNoProgram(t *testing.T) {
	t.Parallel()
	missing := errors.New("it is not here")
	task := windows.Task{Windows: windows10, Scripts: []windows.Script{{Name: "a.cmd", Content: "ver"}}}
	planned, err := windows.New(task, func() ([]byte, error) { return nil, missing })
	if !errors.Is(err, missing) || len(planned.Files) > 0 {
		t.Errorf("planned %+v, %v", planned, err)
	}
}

// TestLetters: PowerShell is told that a script is in UTF-8, and cmd.exe cannot be.
func TestLetters(t *testing.T) {
	t.Parallel()
	planned := plan(t, windows.Task{Windows: windows10, Scripts: []windows.Script{
		{Name: "a.ps1", Content: "'ü'"}, {Name: "b.ps1", Content: "\ufeff'ü'"}, {Name: "c.ps1", Content: "'u'"}, {Name: "d.cmd", Content: "echo ü"},
		{Name: "e.cmd", Content: "\ufeff@echo off\r\nver"}, {Name: "f.ps1", Content: "\ufeff'u'"}, {Name: "g.bat", Content: "\ufeffecho ü"},
	}})
	for n, want := range []string{"\ufeff'ü'\r\n", "\ufeff'ü'\r\n", "'u'\r\n", "echo ü\r\n", "@echo off\r\nver\r\n", "'u'\r\n", "echo ü\r\n"} {
		if got := string(planned.Files[n].Content); got != want {
			t.Errorf("script %d is %q; want %q", n, got, want)
		}
	}
	if len(planned.Warnings) != 2 || !strings.Contains(planned.Warnings[0].Message, `"d.cmd"`) || !strings.Contains(planned.Warnings[1].Message, `"g.bat"`) {
		t.Errorf("warned of %q", planned.Warnings)
	}
	vista := plan(t, windows.Task{Windows: registry.Software{Major: 6}, Scripts: []windows.Script{{Name: "a.PS1"}, {Name: "b.cmd"}}})
	if len(vista.Warnings) != 1 || !strings.Contains(vista.Warnings[0].Message, `"a.PS1"`) || !strings.Contains(vista.Warnings[0].Remedy, "cmd.exe") {
		t.Errorf("warned of %q", vista.Warnings)
	}
}

// TestPolicy: a policy that lets no script of PowerShell run is said where there are such.
func TestPolicy(t *testing.T) {
	t.Parallel()
	const key = `Policies\Microsoft\Windows\PowerShell`
	policy := func(text string) []registry.Value {
		return []registry.Value{registry.NumberValue("EnableScripts", 1), registry.TextValue("ExecutionPolicy", registry.String, text)}
	}
	for name, test := range map[string]struct {
		values []registry.Value
		want   bool
	}{
		"none": {nil, false}, "off": {[]registry.Value{registry.NumberValue("EnableScripts", 0)}, true},
		"signed": {policy("AllSigned"), true}, "from elsewhere": {policy("RemoteSigned"), false}, "all": {policy("Unrestricted"), false},
	} {
		got, err := windows.RefusesScripts(openHive(t, registrytest.Build(map[string][]registry.Value{key: test.values})))
		if err != nil || got != test.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	task := windows.Task{Windows: windows10, RefusesScripts: true, OnlineDisks: true, Scripts: []windows.Script{{Name: "a.cmd"}, {Name: "b.ps1"}}}
	warnings := plan(t, task).Warnings
	if len(warnings) != 1 || !strings.HasSuffix(warnings[0].Message, ": 030-disks.ps1, 101-b.ps1") {
		t.Errorf("warned of %+v", warnings)
	}
	task.Windows, task.Scripts = windows7, nil // which has no use for PowerShell
	if warnings := plan(t, task).Warnings; len(warnings) > 0 {
		t.Errorf("warned of %+v", warnings)
	}
}

// TestNameServersAlone: a card with these goes on asking by DHCP for its addresses.
func TestNameServersAlone(t *testing.T) {
	t.Parallel()
	cards := []network.Card{{MAC: "00:50:56:aa:bb:01", NameServers: []netip.Addr{netip.MustParseAddr("192.0.2.53")}}}
	for want, s := range map[string]registry.Software{
		"Set-Card '00-50-56-AA-BB-01' '' @() @() @('192.0.2.53')\r\n":                                                                  windows10,
		"if defined name (\r\n  netsh interface ip set dns name=\"%name%\" source=static address=192.0.2.53\r\n  call :check\r\n)\r\n": windows7,
	} {
		if got := string(plan(t, windows.Task{Windows: s, Cards: cards}).Files[0].Content); !strings.Contains(got, want) {
			t.Errorf("%q is not in %s", want, got)
		}
	}
}

// TestHostileNames: nothing gets into a script that is not what it seems.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	good := network.Card{MAC: "00:50:56:aa:bb:01", Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.10/24")}}
	with := func(change func(*network.Card)) func(*windows.Task) {
		return func(task *windows.Task) {
			changed := good
			change(&changed)
			task.Cards = []network.Card{changed}
		}
	}
	for name, change := range map[string]func(*windows.Task){
		"driver":         func(task *windows.Task) { task.Drivers = []windows.Driver{{INF: `a.inf" & calc`}} },
		"agent":          func(task *windows.Task) { task.Agent = `a.msi" & calc.msi` },
		"balloon":        func(task *windows.Task) { task.Balloon = `..\a.exe` },
		"folder":         func(task *windows.Task) { task.DriverFolder, task.Agent = `a" b`, "a.msi" },
		"product":        func(task *windows.Task) { task.VMwareTools = []string{"{x} & calc"} },
		"script's name":  func(task *windows.Task) { task.Scripts = []windows.Script{{Name: `a&b.cmd`}} },
		"script's kind":  func(task *windows.Task) { task.Scripts = []windows.Script{{Name: `setup.sh`}} },
		"script's place": func(task *windows.Task) { task.Scripts = []windows.Script{{Name: `..\a.cmd`}} },
		"MAC":            with(func(i *network.Card) { i.MAC = "'; calc; '" }),
		"long MAC":       with(func(i *network.Card) { i.MAC = "00:00:00:00:fe:80:00:00" }),
		"GUID":           with(func(i *network.Card) { i.ID = "{x'}" }),
		"no address":     with(func(i *network.Card) { i.Addresses = nil }),
		"IPv6":           with(func(i *network.Card) { i.Addresses = []netip.Prefix{netip.MustParsePrefix("fd00::1/64")} }),
		"zone":           with(func(i *network.Card) { i.Gateways = addresses("fe80::1%eth0") }),
		"empty":          with(func(i *network.Card) { i.NameServers = []netip.Addr{{}} }),
		"two unknown": func(task *windows.Task) {
			one := good
			one.MAC = ""
			task.Cards = []network.Card{good, one}
		},
	} {
		for _, s := range []registry.Software{windows7, windows10} {
			task := windows.Task{Windows: s, DriverFolder: `Drivers\VirtIO`}
			change(&task)
			if planned, err := windows.New(task, program); err == nil || len(planned.Files) > 0 {
				t.Errorf("%s: planned %d files, %v", name, len(planned.Files), err)
			}
		}
	}
}

func openHive(t *testing.T, data []byte) *registry.Hive {
	t.Helper()
	hive, err := registry.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return hive
}

// realHives are the hives SYSTEM of real machines.
func realHives(t *testing.T) map[string]*registry.Hive {
	t.Helper()
	hives := map[string]*registry.Hive{}
	for _, name := range []string{"windows7-vmware-SYSTEM", "windows10-1709-vmware-SYSTEM"} {
		hives[name] = openHive(t, registrytest.Clean(registrytest.Load(t, "../../../registry/testdata", name)))
	}
	return hives
}

// TestRegister: the service in the hives of real machines, read as Windows' services
// are. A second run changes nothing.
func TestRegister(t *testing.T) {
	t.Parallel()
	for name, hive := range realHives(t) {
		system, err := registry.ReadSystem(hive)
		if err != nil {
			t.Fatal(err)
		}
		edited := registry.Edit(hive)
		for range 2 {
			if err := windows.Register(edited, system); err != nil {
				t.Fatal(err)
			}
		}
		if len(edited.Changes()) != 7 {
			t.Errorf("%s: %s", name, registry.Diff("SYSTEM", edited.Changes()))
		}
		services, err := registry.Services(edited, system.ControlSet)
		if err != nil {
			t.Fatal(err)
		}
		want := registry.Service{Name: "hyper2kvm-first-boot", Type: 0x10, Start: 2, ImagePath: `"%SystemRoot%\hyper2kvm\firstboot.exe"`}
		if !slices.Contains(services, want) {
			t.Errorf("%s: there is no %+v", name, want)
		}
	}
}

// TestVMwareTools: by the name of the key, or by the command that would install it.
func TestVMwareTools(t *testing.T) {
	t.Parallel()
	const (
		in       = `Microsoft\Windows\CurrentVersion\Uninstall\`
		one, two = "{B7C4F0AD-0123-4567-89AB-0123456789AB}", "{A7C4F0AD-0123-4567-89AB-0123456789AB}"
	)
	title := func(text string) registry.Value { return registry.TextValue("DisplayName", registry.String, text) }
	hive := openHive(t, registrytest.Build(map[string][]registry.Value{
		in + one:                             {title("VMware Tools"), registry.TextValue("UninstallString", registry.String, "MsiExec.exe /I"+one)},
		`WOW6432Node\` + in + "VMware Tools": {title("VMware Tools"), registry.TextValue("UninstallString", registry.Expand, "MsiExec.exe /I"+two)},
		in + "{C7C4F0AD-0123-4567-89AB-0123456789AB}": {title("VMware Player")},
		in + "nameless": nil,
		in + "old":      {title("VMware Tools"), registry.TextValue("UninstallString", registry.String, `C:\setup.exe`)},
	}))
	got, err := windows.VMwareTools(hive)
	if want := []string{two, one}; err != nil || !slices.Equal(got, want) {
		t.Errorf("found %q, %v; want %q", got, err, want)
	}
	if got, err := windows.VMwareTools(openHive(t, registrytest.Build(map[string][]registry.Value{"Microsoft": nil}))); err != nil || len(got) > 0 {
		t.Errorf("without installed programs: %q, %v", got, err)
	}
}
