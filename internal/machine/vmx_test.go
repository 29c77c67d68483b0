package machine

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

func TestParseVMX(t *testing.T) {
	t.Parallel()
	const head = "config.version = \"8\"\n"
	for name, test := range map[string]struct {
		text string
		want map[string]string
		err  string
	}{
		"plain":              {head + `displayName = "web"`, map[string]string{"displayname": "web"}, ""},
		"keys of any case":   {head + `DisplayName = "web"`, map[string]string{"displayname": "web"}, ""},
		"Windows' lines":     {strings.ReplaceAll(head, "\n", "\r\n") + "memsize=\"512\"\r\n", map[string]string{"memsize": "512"}, ""},
		"no quotes":          {head + "memsize = 512 # MiB", map[string]string{"memsize": "512"}, ""},
		"escapes":            {head + `annotation = "a|22b|7C|0Ac|zz"`, map[string]string{"annotation": "a\"b|\nc|zz"}, ""},
		"a number sign":      {head + `displayName = "web #1"`, map[string]string{"displayname": "web #1"}, ""},
		"an interpreter":     {"#!/usr/bin/vmware\n" + head, nil, ""},
		"UTF-8 with a mark":  {"\xef\xbb\xbf.encoding = \"UTF-8\"\n" + head + `displayName = "Büro"`, map[string]string{"displayname": "Büro"}, ""},
		"Windows-1252":       {".encoding = \"windows-1252\"\n" + head + "displayName = \"B\xfcro\"", map[string]string{"displayname": "Büro"}, ""},
		"GBK":                {".encoding = \"GBK\"\n" + head + "displayName = \"\xb7\xfe\xce\xf1\"", map[string]string{"displayname": "服务"}, ""},
		"not the encoding":   {".encoding = \"UTF-8\"\n" + head + "displayName = \"B\xfcro\"", map[string]string{"displayname": "Büro"}, ""},
		"the same twice":     {head + "memsize = \"1\"\nmemsize = \"1\"", map[string]string{"memsize": "1"}, ""},
		"another value":      {head + "scsi0:0.fileName = \"a\"\nSCSI0:0.filename = \"b\"", nil, "line 3 gives SCSI0:0.filename a second value"},
		"no entry":           {head + "what is this", nil, "line 2 is no entry"},
		"a quote too many":   {head + `displayName = "a"b"`, nil, "line 2 is no entry"},
		"another text":       {"a = \"b\"\n", nil, "neither config.version nor virtualHW.version"},
		"binary":             {head + "\x00", nil, "bytes that no text has"},
		"too large":          {head + strings.Repeat("#\n", MaxVMX), nil, "larger than"},
		"encrypted":          {head + `encryption.keySafe = "vmware:key/list"`, nil, ErrEncrypted.Error()},
		"encrypted as whole": {head + `encryption.data = "abc"`, nil, ErrEncrypted.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseVMX([]byte(test.text))
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("error %v, want %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for key, value := range test.want {
				if got[key] != value {
					t.Errorf("%s is %q, want %q", key, got[key], value)
				}
			}
		})
	}
	if _, err := ParseVMX([]byte(head + `encryption.data = "x"`)); !errors.Is(err, ErrEncrypted) {
		t.Errorf("error %v", err)
	}
}

func readVMX(t *testing.T, text string) *report.Machine {
	t.Helper()
	entries, err := ParseVMX([]byte("config.version = \"8\"\n" + text))
	if err != nil {
		t.Fatal(err)
	}
	return OfVMX(entries)
}

func TestMachineOfVMX(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("testdata", "esxi.vmx"))
	if err != nil {
		t.Fatal(err)
	}
	entries, err := ParseVMX(text)
	if err != nil {
		t.Fatal(err)
	}
	want := &report.Machine{
		ID: "56 4d 1a 2b 3c 4d 5e 6f-70 81 92 a3 b4 c5 d6 e7", Name: "db \"01\"", GuestType: "rhel9-64",
		VCPUs: 4, MemoryMiB: 8192, Firmware: UEFI, SecureBoot: true, TPM: true, NVRAM: "db01.nvram", Clock: "utc",
		BootOrder: []string{"hdd", "cdrom", "ethernet0"}, BootDisks: []string{"scsi0:1", "scsi0:0"},
		NICs: []report.NIC{
			{Name: "ethernet0", MAC: "00:50:56:9a:01:02", Network: "VM Network", Model: "vmxnet3", Slot: 192},
			{Name: "ethernet1", MAC: "00:50:56:01:02:03", Network: "Storage", Model: "vmxnet3", Slot: 161, Static: true},
			{Name: "ethernet10", MAC: "00:0c:29:aa:bb:cc", Network: "bridged", Model: "e1000"},
			{Name: "pcipassthru1", MAC: "00:50:56:9a:0f:0e", Network: "Fast", Model: "sriov", Slot: 224},
		},
		Controllers: []report.Controller{
			{Name: "scsi0", Bus: "scsi", Model: "pvscsi"}, {Name: "scsi1", Bus: "scsi", Model: "lsilogic"},
			{Name: "sata0", Bus: "sata"}, {Name: "nvme0", Bus: "nvme"},
		},
		Disks: []report.MachineDisk{
			{Place: "scsi0:0", File: "db01-000002.vmdk", Snapshot: true},
			{Place: "scsi0:1", File: "data.vmdk", Independent: true},
			{Place: "scsi0:10", File: "scratch.vmdk", Independent: true, Discarding: true},
			{Place: "scsi1:0", File: "quorum.vmdk", Shared: true},
			{Place: "nvme0:0", File: "fast.vmdk"},
		},
		CDROMs: []report.CDROM{{Place: "ide1:0"}, {Place: "sata0:0", File: "/iso/rhel.iso"}},
		USB:    true, CPUHotPlug: true, MemoryHotPlug: true, CPUAffinity: "0,1", Suspended: true,
		Passthrough: []report.Passthrough{{Kind: report.PassthroughPCI, Name: "pcipassthru0"}, {Kind: report.PassthroughSRIOV, Name: "pcipassthru1"}},
	}
	if diff := cmp.Diff(want, OfVMX(entries)); diff != "" {
		t.Error("(-want +got)\n" + diff)
	}
}

func TestDefaultsOfVMX(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(&report.Machine{VCPUs: 1, Firmware: BIOS}, readVMX(t, "")); diff != "" {
		t.Error("(-want +got)\n" + diff)
	}
}

// A drive counts where its present is TRUE, and is a disk unless something else is
// said of it.
func TestDrivesOfVMX(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text        string
		disks       []string
		cdroms      int
		passthrough string
	}{
		"no type":           {"ide0:0.present = \"TRUE\"\nide0:0.fileName = \"a.vmdk\"", []string{"ide0:0"}, 0, ""},
		"absent":            {"ide0:0.present = \"FALSE\"\nide0:0.fileName = \"a.vmdk\"", nil, 0, ""},
		"present not given": {"ide0:0.fileName = \"a.vmdk\"", nil, 0, ""},
		"hard disk":         {"scsi0:0.present = \"true\"\nscsi0:0.fileName = \"a.vmdk\"\nscsi0:0.deviceType = \"scsi-hardDisk\"", []string{"scsi0:0"}, 0, ""},
		"image of a disc":   {"sata0:1.present = \"TRUE\"\nsata0:1.fileName = \"a.iso\"\nsata0:1.deviceType = \"cdrom-image\"", nil, 1, ""},
		"drive of the host": {"ide1:0.present = \"TRUE\"\nide1:0.fileName = \"auto detect\"\nide1:0.deviceType = \"atapi-cdrom\"", nil, 1, ""},
		"SCSI passthrough":  {"scsi0:1.present = \"TRUE\"\nscsi0:1.fileName = \"/dev/sg0\"\nscsi0:1.deviceType = \"scsi-passthru\"", nil, 0, report.PassthroughSCSI},
		"raw device":        {"scsi0:1.present = \"TRUE\"\nscsi0:1.fileName = \"a.vmdk\"\nscsi0:1.deviceType = \"rawDisk\"", nil, 0, report.PassthroughDisk},
		"leading zeros":     {"scsi0:01.present = \"TRUE\"\nscsi0:01.fileName = \"a.vmdk\"", nil, 0, ""},
		"all buses in the order of the guest": {
			"nvme0:0.present = \"TRUE\"\nnvme0:0.fileName = \"n\"\nsata0:0.present = \"TRUE\"\nsata0:0.fileName = \"s\"\nscsi1:0.present = \"TRUE\"\nscsi1:0.fileName = \"q\"\n" +
				"scsi0:10.present = \"TRUE\"\nscsi0:10.fileName = \"p\"\nscsi0:2.present = \"TRUE\"\nscsi0:2.fileName = \"o\"\nide0:1.present = \"TRUE\"\nide0:1.fileName = \"i\"",
			[]string{"ide0:1", "scsi0:2", "scsi0:10", "scsi1:0", "sata0:0", "nvme0:0"}, 0, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := readVMX(t, test.text)
			var disks []string
			for _, disk := range m.Disks {
				disks = append(disks, disk.Place)
			}
			passthrough := ""
			for _, device := range m.Passthrough {
				passthrough = device.Kind
			}
			if diff := cmp.Diff(test.disks, disks); diff != "" || len(m.CDROMs) != test.cdroms || passthrough != test.passthrough {
				t.Errorf("%d CD drives, passthrough %q, disks (-want +got)\n%s", len(m.CDROMs), passthrough, diff)
			}
		})
	}
}

func TestSlotNumber(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]int{
		"192": 192, "224": 224, "1184": 161, "1216": 193, "2208": 162, "33": 33, " 160 ": 160, "-1": 0, "0": 0, "": 0, "x": 0, "99999999999": 0,
	} {
		if got := slotNumber(value); got != want {
			t.Errorf("%q is slot %d, want %d", value, got, want)
		}
	}
}

func FuzzVMX(f *testing.F) {
	seed, err := os.ReadFile(filepath.Join("testdata", "esxi.vmx"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte(".encoding = \"GBK\"\nconfig.version = \"8\"\nethernet99.present = \"TRUE\"\nethernet99.pciSlotNumber = \"1|220\""))
	f.Add([]byte("virtualHW.version = 8\nscsi0:0.present = TRUE\nscsi0:0.fileName = \"|00|0A\xff\""))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := ParseVMX(data)
		if err != nil {
			return
		}
		m := OfVMX(entries)
		if m.VCPUs < 1 || m.MemoryMiB < 0 || m.Firmware != BIOS && m.Firmware != UEFI {
			t.Errorf("%+v", m)
		}
		seen := map[string]bool{}
		for _, disk := range m.Disks {
			if disk.File == "" || seen[disk.Place] {
				t.Errorf("%+v", m.Disks)
			}
			seen[disk.Place] = true
		}
		for _, nic := range m.NICs {
			if nic.Slot < 0 || nic.MAC != "" && macAddress(nic.MAC) != nic.MAC {
				t.Errorf("%+v", nic)
			}
		}
	})
}
