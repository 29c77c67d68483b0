package pipeline_test

import (
	"bytes"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/drivers/driverstest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry/registrytest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// smallWindows is a guest whose hives have no more than what is read of them.
func smallWindows(name string, e edition, sata string, further map[string][]registry.Value) testguest.Windows {
	system := map[string][]registry.Value{
		"Select":                                  {registry.NumberValue("Current", 1)},
		`ControlSet001\Control\CrashControl`:      {registry.NumberValue("AutoReboot", 1)},
		`ControlSet001\Services\` + sata:          {registry.NumberValue("Type", 1), registry.NumberValue("Start", 3)},
		`ControlSet001\Services\Tcpip\Parameters`: {registry.TextValue("Hostname", registry.String, "small")},
	}
	for key, values := range further {
		system[key] = values
	}
	software := e.keys()
	software[`Microsoft\Windows\CurrentVersion`] = []registry.Value{registry.TextValue("DevicePath", registry.Expand, `%SystemRoot%\inf`)}
	return testguest.Windows{Name: name, Firmware: testguest.BIOS, System: registrytest.Build(system), Software: registrytest.Build(software)}
}

// looked are the values of a hive by their paths, with their types, as reglookup(1) reads
// them, which shares no code with libhivex, the writer of hives.
func looked(t *testing.T, hive []byte) map[string]string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "hive")
	if err := os.WriteFile(file, hive, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "reglookup", "-H", file).Output()
	if err != nil {
		t.Fatalf("reglookup: %v", err)
	}
	values := map[string]string{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSpace(line), ",") // others are quoted
		if len(fields) < 3 || fields[1] == "KEY" {
			continue
		}
		for n := range fields {
			if fields[n], err = url.PathUnescape(fields[n]); err != nil {
				t.Fatal(err)
			}
		}
		values[fields[0]] = fields[1] + " " + fields[2]
	}
	return values
}

// TestAccWindowsDrivers migrates with drivers of virtio-win: from an ISO image and for
// virtio-blk what looks like a Windows 10, from a directory and for virtio-scsi what looks
// like a Windows 7. A reader that shares no code with the writer finds what lets each start.
func TestAccWindowsDrivers(t *testing.T) {
	t.Parallel()
	requireAcceptance(t)
	const services, label = "/ControlSet001/Services/", "viostor.inf_amd64_0000000000000000"
	directory := t.TempDir()
	driverstest.Write(t, driverstest.ISO(), directory)
	for _, test := range []struct {
		name, virtioWin string
		windows         testguest.Windows
		block           manifest.BlockDriver
		bus, folder     string
		want            map[string]string
	}{
		{
			name: "viostor of an ISO image", virtioWin: driverstest.Image(t, driverstest.ISO()), block: manifest.BlockViostor, bus: "virtio", folder: "w10",
			windows: smallWindows("small-windows10", windows10Pro, "storahci", map[string][]registry.Value{`DriverDatabase\DeviceIds\PCI`: nil}),
			want: map[string]string{
				services + "viostor/Parameters/BusType": "DWORD 0x00000001", services + "storahci/Start": "DWORD 0x00000000",
				"/DriverDatabase/DriverInfFiles/viostor.inf/":                                                         "MULTI_SZ " + label,
				"/DriverDatabase/DriverInfFiles/viostor.inf/Active":                                                   "SZ " + label,
				"/DriverDatabase/DriverInfFiles/viostor.inf/Configurations":                                           "MULTI_SZ viostor_conf",
				"/DriverDatabase/DeviceIds/PCI/VEN_1AF4&DEV_1001&REV_00/viostor.inf":                                  "BINARY \x01\xff\x00\x00",
				"/DriverDatabase/DeviceIds/PCI/VEN_1AF4&DEV_1042&REV_01/viostor.inf":                                  "BINARY \x01\xff\x00\x00",
				"/DriverDatabase/DriverPackages/" + label + "/Configurations/viostor_conf/Service":                    "SZ viostor",
				"/DriverDatabase/DriverPackages/" + label + "/Configurations/viostor_conf/ConfigFlags":                "DWORD 0x00000000",
				"/DriverDatabase/DriverPackages/" + label + "/Descriptors/PCI/VEN_1AF4&DEV_1042&REV_01/Configuration": "SZ viostor_conf",
			},
		},
		{
			name: "vioscsi of a directory", virtioWin: directory, block: manifest.BlockVioscsi, bus: "scsi", folder: "w7",
			windows: smallWindows("small-windows7", windows7Pro, "msahci", nil),
			want: map[string]string{
				services + "vioscsi/Parameters/BusType": "DWORD 0x0000000A", services + "msahci/Start": "DWORD 0x00000000",
				"/ControlSet001/Control/CriticalDeviceDatabase/PCI#VEN_1AF4&DEV_1004&REV_00/Service":   "SZ vioscsi",
				"/ControlSet001/Control/CriticalDeviceDatabase/PCI#VEN_1AF4&DEV_1048&REV_01/Service":   "SZ vioscsi",
				"/ControlSet001/Control/CriticalDeviceDatabase/PCI#VEN_1AF4&DEV_1048&REV_01/ClassGUID": "SZ {4D36E97B-E325-11CE-BFC1-08002BE10318}",
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			source := buildWindows(t, test.windows)
			before := digest(t, source)
			image, r := migratedWithDrivers(t, source, test.virtioWin, test.block)
			if digest(t, source) != before {
				t.Error("the source changed")
			}
			program := "/Windows/System32/drivers/" + string(test.block) + ".sys"
			kept := "/Windows/Drivers/VirtIO/" + string(test.block) + ".sys"
			card := "/Windows/Drivers/VirtIO/netkvm.sys"
			files := filesOf(t, image, "raw", systemHive, softwareHive, program, kept, card)
			driver := services + string(test.block) + "/"
			system := looked(t, files[systemHive])
			requireValues(t, system, test.want)
			requireValues(t, system, map[string]string{
				driver + "Type": "DWORD 0x00000001", driver + "Start": "DWORD 0x00000000", driver + "ErrorControl": "DWORD 0x00000001",
				driver + "Group": "SZ SCSI miniport", driver + "ImagePath": `EXPAND_SZ system32\drivers\` + string(test.block) + ".sys",
				"/ControlSet001/Control/CrashControl/AutoReboot": "DWORD 0x00000000", "/Select/Current": "DWORD 0x00000001",
			})
			requireValues(t, looked(t, files[softwareHive]), map[string]string{
				"/Microsoft/Windows/CurrentVersion/DevicePath": `EXPAND_SZ %SystemRoot%\inf;%SystemRoot%\Drivers\VirtIO`,
			})
			for file, driver := range map[string]string{program: string(test.block), kept: string(test.block), card: "netkvm"} {
				if want := driver + " for " + test.folder + " on amd64"; !bytes.Equal(files[file], []byte(want)) {
					t.Errorf("%s is %q, want %q", file, files[file], want)
				}
			}
			if m := r.NewMachine; m == nil || m.Disks[0].Bus != test.bus || m.NICs[0].Model != "virtio" {
				t.Errorf("the machine is %+v", m)
			}
		})
	}
}
