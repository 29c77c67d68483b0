package machine

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
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
		"windows-936":        {".encoding = \"windows-936\"\n" + head + "displayName = \"\xb7\xfe\xce\xf1\"", map[string]string{"displayname": "服务"}, ""},
		"a half of a letter": {".encoding = \"Shift_JIS\"\n" + head + "displayName = \"\x83\x7c22\"", map[string]string{"displayname": "ポ22"}, ""},
		"keys of guests":     {head + "guestinfo.a/b+c@d(e) = \"x\"", map[string]string{"guestinfo.a/b+c@d(e)": "x"}, ""},
		"UTF-16":             {"\xff\xfec\x00", nil, "in UTF-16"},
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
		USB:    true, CPUHotPlug: true, MemoryHotPlug: true, CPUAffinity: "0,1", NUMAAffinity: "0", Suspended: true,
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
		"RDM of ESXi":       {"scsi0:1.present = \"TRUE\"\nscsi0:1.fileName = \"a.vmdk\"\nscsi0:1.deviceType = \"scsi-passthru-rdm\"", nil, 0, report.PassthroughSCSI},
		"virtual RDM":       {"scsi0:1.present = \"TRUE\"\nscsi0:1.fileName = \"a.vmdk\"\nscsi0:1.deviceType = \"scsi-nonpassthru-rdm\"", nil, 0, report.PassthroughSCSI},
		"another word":      {"scsi0:0.present = \"Yes\"\nscsi0:0.fileName = \"a.vmdk\"", []string{"scsi0:0"}, 0, ""},
		"a serial port":     {"serial0.present = \"TRUE\"\nserial0.fileType = \"device\"\nserial0.fileName = \"/dev/ttyS0\"", nil, 0, report.PassthroughPort},
		"a serial file":     {"serial0.present = \"TRUE\"\nserial0.fileType = \"file\"\nserial0.fileName = \"a.log\"", nil, 0, ""},
		"a dongle":          {"usb.present = \"TRUE\"\nusb.autoConnect.device0 = \"0x0529:0x0001\"", nil, 0, report.PassthroughUSB},
		"no dongle":         {"usb.present = \"TRUE\"\nusb.autoConnect.device0 = \"\"", nil, 0, ""},
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

// A card's network and address are told in as many ways as VMware has switches.
func TestNICsOfVMX(t *testing.T) {
	t.Parallel()
	const mac = "00:0c:29:aa:bb:cc"
	for name, test := range map[string]struct {
		text string
		want report.NIC
	}{
		"a port group": {"networkName = \"VM Network\"\nconnectionType = \"bridged\"", report.NIC{Network: "VM Network"}},
		"a distributed switch": {
			"dvs.switchId = \"50 2d\"\ndvs.portgroupId = \"dvportgroup-41\"\ndvs.portId = \"7\"", report.NIC{Network: "dvportgroup-41"},
		},
		"NSX":                    {"opaqueNetwork.id = \"9e1\"\nopaqueNetwork.type = \"nsx.LogicalSwitch\"", report.NIC{Network: "9e1"}},
		"Workstation":            {"connectionType = \"nat\"", report.NIC{Network: "nat"}},
		"Workstation's own":      {"connectionType = \"custom\"\nvnet = \"VMnet2\"", report.NIC{Network: "VMnet2"}},
		"an address of vCenter":  {"addressType = \"vpx\"\ngeneratedAddress = \"" + mac + "\"", report.NIC{MAC: mac}},
		"hyphens":                {"addressType = \"Static\"\naddress = \"00-0C-29-AA-BB-CC\"", report.NIC{MAC: mac, Static: true}},
		"no type":                {"address = \"" + mac + "\"", report.NIC{MAC: mac}},
		"static, none chosen":    {"addressType = \"static\"\naddress = \"\"\ngeneratedAddress = \"" + mac + "\"", report.NIC{MAC: mac, Static: true}},
		"no address":             {"addressType = \"generated\"", report.NIC{}},
		"an address of a group":  {"addressType = \"static\"\naddress = \"01:00:5e:00:00:01\"", report.NIC{Static: true}},
		"an address of nothing":  {"addressType = \"static\"\naddress = \"00:00:00:00:00:00\"", report.NIC{Static: true}},
		"a function of a bridge": {"pciSlotNumber = \"1184\"", report.NIC{Slot: 161}},
		"the last of them":       {"pciSlotNumber = \"7424\"", report.NIC{Slot: 263}},
	} {
		test.want.Name = "ethernet3"
		m := readVMX(t, "ethernet3.present = \"TRUE\"\nethernet3."+strings.ReplaceAll(test.text, "\n", "\nethernet3."))
		if diff := cmp.Diff([]report.NIC{test.want}, m.NICs); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// What a file says otherwise than VMware writes it is told, and so is what is not
// migrated of it.
func TestWarningsOfVMX(t *testing.T) {
	t.Parallel()
	const disk = "scsi0:0.present = \"TRUE\"\nscsi0:0.fileName = \"a.vmdk\"\n"
	for name, test := range map[string]struct {
		text string
		id   report.ConcernID
		want string // "" for none
	}{
		"all as it is":             {disk + "scsi0.present = \"TRUE\"\ncleanShutdown = \"TRUE\"\nnumvcpus = \"2\"\nmemsize = \"512\"\nfirmware = \"EFI\"", "", ""},
		"a disk that was":          {"scsi0:0.present = \"FALSE\"\nscsi0:0.fileName = \"a.vmdk\"", "", ""},
		"a drive that may be":      {"ide1:0.fileName = \"auto detect\"", "", ""},
		"running":                  {"cleanShutdown = \"FALSE\"", report.ConcernOpenDisk, "running when its folder was copied"},
		"suspended":                {"cleanShutdown = \"FALSE\"\ncheckpoint.vmState = \"a.vmss\"", "", ""},
		"another firmware":         {"firmware = \"coreboot\"", report.ConcernDescription, `firmware is "coreboot", which is not understood`},
		"processors in words":      {"numvcpus = \"four\"", report.ConcernDescription, "one processor"},
		"absurdly many processors": {"numvcpus = \"2000000000\"", report.ConcernDescription, "one processor"},
		"too much memory":          {"memsize = \"99999999999\"", report.ConcernDescription, "2048 MiB"},
		"present not given":        {"scsi0:0.fileName = \"A.VMDK\"", report.ConcernDescription, "scsi0:0 names the disk A.VMDK and is not said to be present"},
		"present of no word":       {"scsi0:0.fileName = \"a.vmdk\"\nscsi0:0.present = \"perhaps\"", report.ConcernDescription, "is not said to be present"},
		"leading zeros":            {"scsi0:01.present = \"TRUE\"\nscsi0:01.fileName = \"a.vmdk\"", report.ConcernDescription, "scsi0:01 names the disk a.vmdk"},
		"a disk without file":      {"scsi0:1.present = \"TRUE\"\nscsi0:1.deviceType = \"scsi-hardDisk\"", report.ConcernDescription, "scsi0:1 is a disk without a file"},
		"a drive without file":     {"scsi0:1.present = \"TRUE\"", report.ConcernDescription, "scsi0:1 is a disk without a file"},
		"a drive, its name empty":  {"sata0:1.present = \"TRUE\"\nsata0:1.fileName = \" \"", report.ConcernDescription, "sata0:1 is a disk without a file"},
		"a CD drive without file":  {"ide1:0.present = \"TRUE\"\nide1:0.deviceType = \"atapi-cdrom\"", "", ""},
		"no controller":            {disk + "scsi0.present = \"FALSE\"", report.ConcernDescription, "at a controller that is not present"},
		"a redo log":               {disk + "scsi0:0.redo = \"./a.vmdk.REDO_x7\"", report.ConcernNewerState, "scsi0:0 has a redo log, ./a.vmdk.REDO_x7"},
		"no redo log":              {disk + "scsi0:0.redo = \"\"", "", ""},
		"one to be thrown off":     {disk + "scsi0:0.redo = \"a\"\nscsi0:0.mode = \"independent-nonpersistent\"", "", ""},
		"a wrong address":          {"ethernet0.present = \"TRUE\"\nethernet0.address = \"00:50:56:01:02\"", report.ConcernDescription, `ethernet0.address is "00:50:56:01:02"`},
		"a group's address":        {"ethernet0.present = \"TRUE\"\nethernet0.address = \"01:50:56:01:02:03\"", report.ConcernDescription, "no address that a card can have"},
		"a control":                {"ethernet0.present = \"TRUE\"\nethernet0.address = \"|1B[1m\"", report.ConcernDescription, `\x1b[1m`},
		"one address twice": {
			"ethernet0.present = \"TRUE\"\nethernet0.address = \"00:50:56:01:02:03\"\nethernet2.present = \"TRUE\"\nethernet2.address = \"00-50-56-01-02-03\"",
			report.ConcernDescription, "ethernet0 and ethernet2 have one hardware address",
		},
		"no link": {"ethernet1.present = \"TRUE\"\nethernet1.startConnected = \"FALSE\"", report.ConcernDescription, "ethernet1 was not connected"},
	} {
		entries, err := ParseVMX([]byte("config.version = \"8\"\n" + test.text))
		if err != nil {
			t.Fatal(err)
		}
		found := entries.Warnings()
		switch {
		case test.want == "" && len(found) > 0, test.want != "" && len(found) != 1:
			t.Errorf("%s: %+v", name, found)
		case test.want != "" && (found[0].ID != test.id || !strings.Contains(found[0].Message, test.want) || found[0].Remedy == ""):
			t.Errorf("%s: %+v", name, found[0])
		}
	}
}

func TestGuessedEncoding(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"displayName = \"Büro\"":                                  "",
		".encoding = \"windows-1252\"\ndisplayName = \"B\xfcro\"": "",
		".encoding = \"UTF-8\"\ndisplayName = \"B\xfcro\"":        "windows-1252",
		".encoding = \"klingon\"\ndisplayName = \"B\xfcro\"":      "windows-1252",
		"displayName = \"B\xfcro\"":                               "windows-1252",
	} {
		if got := GuessedEncoding([]byte(text)); got != want {
			t.Errorf("%q is read as %q, want %q", text, got, want)
		}
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
		if m.VCPUs < 1 || m.MemoryMiB < 0 || !slices.Contains([]string{BIOS, UEFI, ""}, m.Firmware) {
			t.Errorf("%+v", m)
		}
		seen := map[string]bool{}
		for _, disk := range m.Disks {
			if disk.File == "" || seen[disk.Place] {
				t.Errorf("%+v", m.Disks)
			}
			seen[disk.Place] = true
		}
		for _, warning := range entries.Warnings() {
			if warning.ID == "" || warning.Remedy == "" || strings.ContainsFunc(warning.Message, func(r rune) bool { return r < ' ' }) {
				t.Errorf("%+v", warning)
			}
		}
		for _, nic := range m.NICs {
			if nic.Slot < 0 || nic.MAC != "" && macAddress(nic.MAC) != nic.MAC {
				t.Errorf("%+v", nic)
			}
		}
	})
}
