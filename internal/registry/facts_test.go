package registry_test

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry/registrytest"
)

const currentVersion = `Microsoft\Windows NT\CurrentVersion`

func TestReadSoftware(t *testing.T) {
	t.Parallel()
	text := func(name, text string) registry.Value { return registry.TextValue(name, registry.String, text) }
	ten := []registry.Value{
		text("CurrentVersion", "6.3"), registry.NumberValue("CurrentMajorVersionNumber", 10), registry.NumberValue("CurrentMinorVersionNumber", 0),
	}
	for name, test := range map[string]struct {
		values  []registry.Value
		want    registry.Software
		version string
		server  bool
	}{
		"xp": {
			[]registry.Value{text("ProductName", "Microsoft Windows XP"), text("CurrentVersion", "5.1"), text("CurrentBuildNumber", "2600")},
			registry.Software{Product: "Microsoft Windows XP", Major: 5, Minor: 1, Build: 2600}, "5.1.2600", false,
		},
		"2003": {
			[]registry.Value{text("ProductName", "Microsoft Windows Server 2003 R2"), text("CurrentVersion", "5.2")},
			registry.Software{Product: "Microsoft Windows Server 2003 R2", Major: 5, Minor: 2}, "5.2", true,
		},
		"7": {
			[]registry.Value{text("productname", "Windows 7 Professional"), text("InstallationType", "Client"), text("CurrentVersion", "6.1"), text("CurrentBuild", "7601")},
			registry.Software{Product: "Windows 7 Professional", Variant: "Client", Major: 6, Minor: 1, Build: 7601}, "6.1.7601", false,
		},
		"10": {
			append([]registry.Value{text("ProductName", "Windows 10 Pro"), text("InstallationType", "Client"), text("CurrentBuildNumber", "19045")}, ten...),
			registry.Software{Product: "Windows 10 Pro", Variant: "Client", Major: 10, Build: 19045}, "10.0.19045", false,
		},
		"11, which calls itself 10": {
			append([]registry.Value{text("ProductName", "Windows 10 Pro"), text("InstallationType", "Client"), text("CurrentBuildNumber", "22621")}, ten...),
			registry.Software{Product: "Windows 11 Pro", Variant: "Client", Major: 10, Build: 22621}, "10.0.22621", false,
		},
		"a core server": {
			append([]registry.Value{text("ProductName", "Windows Server 2025 Datacenter"), text("InstallationType", "Server Core"), text("CurrentBuildNumber", "26100")}, ten...),
			registry.Software{Product: "Windows Server 2025 Datacenter", Variant: "Server Core", Major: 10, Build: 26100}, "10.0.26100", true,
		},
		"nothing": {nil, registry.Software{}, "0.0", false},
	} {
		got, err := registry.ReadSoftware(open(t, registrytest.Build(map[string][]registry.Value{currentVersion: test.values})))
		if err != nil || got != test.want || got.Version() != test.version || got.Server() != test.server {
			t.Errorf("%s: %+v (%s, server: %v), %v", name, got, got.Version(), got.Server(), err)
		}
	}
	if _, err := registry.ReadSoftware(open(t, registrytest.Build(nil))); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a hive of another kind: %v", err)
	}
}

// TestReadSoftwareThatIsGeneralized: by the words that Microsoft's Windows Setup has for it.
func TestReadSoftwareThatIsGeneralized(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]bool{
		"IMAGE_STATE_COMPLETE": false, "IMAGE_STATE_SPECIALIZE_RESEAL_TO_OOBE": false,
		"IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE": true, "IMAGE_STATE_GENERALIZE_RESEAL_TO_AUDIT": true,
	} {
		got, err := registry.ReadSoftware(open(t, registrytest.Build(map[string][]registry.Value{
			currentVersion: nil, `Microsoft\Windows\CurrentVersion\Setup\State`: {registry.TextValue("ImageState", registry.String, state)},
		})))
		if err != nil || got.Generalized != want {
			t.Errorf("%s: %+v, %v", state, got, err)
		}
	}
}

func TestReadSystem(t *testing.T) {
	t.Parallel()
	got, err := registry.ReadSystem(open(t, registrytest.Build(map[string][]registry.Value{
		"Select": {registry.NumberValue("Current", 2)},
		`ControlSet001\Services\Tcpip\Parameters`:       {registry.TextValue("Hostname", registry.String, "old")},
		`ControlSet002\Services\Tcpip\Parameters`:       {registry.TextValue("Hostname", registry.String, "new")},
		`ControlSet002\Control\TimeZoneInformation`:     {registry.NumberValue("RealTimeIsUniversal", 1)},
		`ControlSet002\Control\Session Manager\Power`:   {registry.NumberValue("HiberbootEnabled", 0)},
		`ControlSet001\Control\Session Manager\Power`:   {registry.NumberValue("HiberbootEnabled", 1)},
		`ControlSet002\Services\left-over\Parameters\x`: nil,
	})))
	if want := (registry.System{ControlSet: "ControlSet002", Hostname: "new", ClockUTC: true}); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	for _, values := range [][]registry.Value{nil, {registry.NumberValue("Current", 1)}, {registry.NumberValue("Current", 0)}, {registry.NumberValue("Current", 1000)}} {
		if _, err := registry.ReadSystem(open(t, registrytest.Build(map[string][]registry.Value{"Select": values}))); !errors.Is(err, registry.ErrDamaged) {
			t.Errorf("without a current control set: %v", err)
		}
	}
}

// TestReadSystemThatStartsNext: the boot loader takes what Default says, whatever Windows
// ran with last.
func TestReadSystemThatStartsNext(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		defaults, current uint32
		want              string
	}{
		"both":            {1, 1, "ControlSet001"},
		"another":         {2, 1, "ControlSet002"},
		"none":            {0, 2, "ControlSet002"},
		"one that is out": {3, 1, ""},
	} {
		got, err := registry.ReadSystem(open(t, registrytest.Build(map[string][]registry.Value{
			"Select": {
				registry.NumberValue("Current", test.current), registry.NumberValue("Default", test.defaults), registry.NumberValue("LastKnownGood", 1),
			},
			"ControlSet001": nil, "ControlSet002": nil,
		})))
		if got.ControlSet != test.want || (test.want == "") != errors.Is(err, registry.ErrDamaged) {
			t.Errorf("%s: %q, %v; want %q", name, got.ControlSet, err, test.want)
		}
	}
}
