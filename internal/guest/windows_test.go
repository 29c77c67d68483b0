package guest

import (
	"bytes"
	"errors"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry/registrytest"
)

func hive(t *testing.T, keys map[string][]registry.Value) registry.Reader {
	t.Helper()
	data := registrytest.Build(keys)
	opened, err := registry.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

func TestReadRegistry(t *testing.T) {
	t.Parallel()
	system := hive(t, map[string][]registry.Value{
		"Select": {registry.NumberValue("Current", 1)},
		`ControlSet001\Services\Tcpip\Parameters`: {registry.TextValue("Hostname", registry.String, "FILES1")},
	})
	for _, test := range []struct {
		product, variant, build, version string
		number                           [2]uint32 // where it is not in the text
		want                             OS
	}{
		{"Microsoft Windows XP", "", "2600", "5.1", [2]uint32{}, OS{Version: "5.1.2600", Major: 5, Minor: 1, Osinfo: "winxp"}},
		{"Microsoft Windows XP x64", "", "3790", "5.2", [2]uint32{}, OS{Version: "5.2.3790", Major: 5, Minor: 2, Osinfo: "winxp"}},
		{"Microsoft Windows Server 2003 R2", "", "3790", "5.2", [2]uint32{}, OS{Version: "5.2.3790", Major: 5, Minor: 2, Osinfo: "win2k3r2"}},
		{"Windows (TM) Vista", "Client", "6002", "6.0", [2]uint32{}, OS{Version: "6.0.6002", Major: 6, Osinfo: "winvista"}},
		{"Windows 7 Ultimate", "Client", "7601", "6.1", [2]uint32{}, OS{Version: "6.1.7601", Major: 6, Minor: 1, Osinfo: "win7"}},
		{"Windows Server 2008 R2", "Server", "7601", "6.1", [2]uint32{}, OS{Version: "6.1.7601", Major: 6, Minor: 1, Osinfo: "win2k8r2"}},
		{"Windows Server 2012", "Server Core", "9200", "6.2", [2]uint32{}, OS{Version: "6.2.9200", Major: 6, Minor: 2, Osinfo: "win2k12"}},
		{"Windows 8.1 Pro", "Client", "9600", "6.3", [2]uint32{}, OS{Version: "6.3.9600", Major: 6, Minor: 3, Osinfo: "win8.1"}},
		{"Windows 10 Pro", "Client", "19045", "6.3", [2]uint32{10}, OS{Version: "10.0.19045", Major: 10, Osinfo: "win10"}},
		{"Windows 10 Pro", "Client", "22631", "6.3", [2]uint32{10}, OS{Product: "Windows 11 Pro", Version: "10.0.22631", Major: 10, Osinfo: "win11"}},
		{"Windows Server 2016", "Server", "14393", "6.3", [2]uint32{10}, OS{Version: "10.0.14393", Major: 10, Osinfo: "win2k16"}},
		{"Windows Server 2022", "Server", "20348", "6.3", [2]uint32{10}, OS{Version: "10.0.20348", Major: 10, Osinfo: "win2k22"}},
		{"Windows Server 2025", "Server", "26100", "6.3", [2]uint32{10}, OS{Version: "10.0.26100", Major: 10, Osinfo: "win2k25"}},
		{"Windows Server Datacenter", "Server Core", "18363", "6.3", [2]uint32{10}, OS{Version: "10.0.18363", Major: 10, Osinfo: "win2k19"}},
		{"Azure Stack HCI", "Server Core", "25398", "6.3", [2]uint32{10}, OS{Version: "10.0.25398", Major: 10, Osinfo: "win2k22"}},
		{"Windows of tomorrow", "Client", "1", "12.7", [2]uint32{}, OS{Version: "12.7.1", Major: 12, Minor: 7}},
		{"", "", "", "", [2]uint32{}, OS{}},
	} {
		values := []registry.Value{
			registry.TextValue("ProductName", registry.String, test.product), registry.TextValue("InstallationType", registry.String, test.variant),
			registry.TextValue("CurrentBuildNumber", registry.String, test.build), registry.TextValue("CurrentVersion", registry.String, test.version),
		}
		if test.number[0] != 0 {
			values = append(values, registry.NumberValue("CurrentMajorVersionNumber", test.number[0]), registry.NumberValue("CurrentMinorVersionNumber", test.number[1]))
		}
		software := hive(t, map[string][]registry.Value{`Microsoft\Windows NT\CurrentVersion`: values})
		want := test.want
		want.Hostname = "FILES1"
		if want.Product == "" {
			want.Product = test.product
		}
		got := OS{Version: "old", Osinfo: "old"}
		if err := got.ReadRegistry(software, system); err != nil || got.Product != want.Product || got.Version != want.Version ||
			got.Major != want.Major || got.Minor != want.Minor || got.Hostname != want.Hostname || got.Osinfo != want.Osinfo {
			t.Errorf("%q, %s: %+v, %v; want %+v", test.product, test.build, got, err, want)
		}
	}
}

// TestReadRegistryTellsTheProcessor: where no program of the guest told it.
func TestReadRegistryTellsTheProcessor(t *testing.T) {
	t.Parallel()
	software := hive(t, map[string][]registry.Value{`Microsoft\Windows NT\CurrentVersion`: nil})
	for said, want := range map[string]string{"AMD64": "x86_64", "x86": "i386", "ARM64": "aarch64", "MIPS": "", "": ""} {
		system := hive(t, map[string][]registry.Value{
			"Select": {registry.NumberValue("Current", 1)},
			`ControlSet001\Control\Session Manager\Environment`: {registry.TextValue("PROCESSOR_ARCHITECTURE", registry.Expand, said)},
		})
		for known, want := range map[string]string{"": want, "i386": "i386"} {
			got := OS{Arch: known}
			if err := got.ReadRegistry(software, system); err != nil || got.Arch != want {
				t.Errorf("%q, known as %q: %q, %v; want %q", said, known, got.Arch, err, want)
			}
		}
	}
}

func TestReadRegistryThatIsNone(t *testing.T) {
	t.Parallel()
	software := hive(t, map[string][]registry.Value{`Microsoft\Windows NT\CurrentVersion`: {registry.TextValue("ProductName", registry.String, "x")}})
	known := OS{Product: "known"}
	if err := known.ReadRegistry(software, software); !errors.Is(err, registry.ErrDamaged) || known.Product != "known" {
		t.Errorf("%+v, %v", known, err)
	}
	if err := known.ReadRegistry(hive(t, nil), software); err == nil || known.Product != "known" {
		t.Errorf("%+v, %v", known, err)
	}
}

func TestIsHibernationMark(t *testing.T) {
	t.Parallel()
	for mark, want := range map[string]bool{"hibr": true, "HIBR": true, "wake": false, "RSTR": false, "\x00\x00\x00\x00": false, "": false} {
		if IsHibernationMark([]byte(mark)) != want {
			t.Errorf("%q: want %v", mark, want)
		}
	}
}
