package bootloader

import (
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

// lvmDisks have a volume group on /dev/sda2 and another on the whole of /dev/sdb.
var lvmDisks = devname.New(guest.Devices{
	{Name: "/dev/sda", Kind: guest.KindDisk},
	{Name: "/dev/sda1", Kind: guest.KindPartition, Partition: 1, FSType: "ext4", UUID: "boot"},
	{Name: "/dev/sda2", Kind: guest.KindPartition, Partition: 2, FSType: "LVM2_member", UUID: "pv1", PartUUID: "p2"},
	{Name: "/dev/sdb", Kind: guest.KindDisk, Disk: 1, FSType: "LVM2_member", UUID: "pv2"},
}, nil)

func TestEditLVMFilters(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		// Names of the old machine's bus.
		`filter = [ "a|^/dev/sd[a-z][0-9]*$|", "r|.*|" ]`:  `filter = [ "a|^/dev/sd[a-z][0-9]*$|", "a|^/dev/vd[a-z][0-9]*$|", "r|.*|" ]`,
		`filter = [ "a|sda.*|", "a/sdb/", "r|.*|" ]`:       `filter = [ "a|sda.*|", "a|vda.*|", "a/sdb/", "a/vdb/", "r|.*|" ]`,
		`filter = [ "a|/dev/sda2|", "r|.*|" ]`:             `filter = [ "a|/dev/sda2|", "a|/dev/vda2|", "r|.*|" ]`,
		`global_filter=["a(/dev/sd[ab].*)","r(.*)"]`:       `global_filter=["a(/dev/sd[ab].*)", "a(/dev/vd[ab].*)","r(.*)"]`,
		`devices { filter = ["a/hd[a-z]/", "r/.*/"] }`:     `devices { filter = ["a/hd[a-z]/", "a/vd[a-z]/", "r/.*/"] }`,
		"devices/filter = [ 'a|/dev/xvd|', 'r|.*|' ]":      "devices/filter = [ 'a|/dev/xvd|', \"a|/dev/vd|\", 'r|.*|' ]",
		"filter = [ # \"r|x|\"\n \"a|sd|\",\n \"r|.*|\" ]": "filter = [ # \"r|x|\"\n \"a|sd|\", \"a|vd|\",\n \"r|.*|\" ]",
		// Names that no virtio disk has.
		`global_filter = [ "a|^/dev/disk/by-id/scsi-.*|", "r|.*|" ]`:       `global_filter = [ "a|^/dev/[sv]d(a2|b)$|", "a|^/dev/disk/by-id/scsi-.*|", "r|.*|" ]`,
		`filter = [ "a/emcpower.*/", "r/sd.*/", "r/disk.*/", "r/.*/" ]`:    `filter = [ "a|^/dev/[sv]d(a2|b)$|", "a/emcpower.*/", "r/sd.*/", "r/disk.*/", "r/.*/" ]`,
		`filter = [ "a|/dev/disk/by-path/pci-0000:03:00.0-.*|", "r|.*|" ]`: `filter = [ "a|^/dev/[sv]d(a2|b)$|", "a|/dev/disk/by-path/pci-0000:03:00.0-.*|", "r|.*|" ]`,
		`filter = [ "a|/dev/mapper/mpath.*|", "r|.*|" ]`:                   `filter = [ "a|^/dev/[sv]d(a2|b)$|", "a|/dev/mapper/mpath.*|", "r|.*|" ]`,
		`filter = "r|.*|"`:                     `filter = [ "a|^/dev/[sv]d(a2|b)$|", "r|.*|" ]`,
		`filter = [ "r|/dev/vd.*|", "a|.*|" ]`: `filter = [ "r|/dev/vd.*|", "a|.*|" ]`, // another name of the disk is accepted
		// Nothing is hidden.
		`filter = [ "a|.*|" ]`:                               `filter = [ "a|.*|" ]`,
		`filter = [ "r|/dev/cdrom|" ]`:                       `filter = [ "r|/dev/cdrom|" ]`,
		`# filter = [ "r|.*|" ]`:                             `# filter = [ "r|.*|" ]`,
		`filter = [ "a|lvm-pv-uuid-pv[12]|", "r|.*|" ]`:      `filter = [ "a|lvm-pv-uuid-pv[12]|", "r|.*|" ]`,
		`filter = []`:                                        `filter = []`,
		`	preferred_names = [ "^/dev/mpath/", "^/dev/sda" ]`: `	preferred_names = [ "^/dev/mpath/", "^/dev/sda" ]`,
		// What the old machine hid stays hidden.
		`filter = [ "a|^/dev/sda2$|", "r|.*|" ]`: `filter = [ "a|^/dev/sda2$|", "a|^/dev/vda2$|", "r|.*|" ]`,
	} {
		got, err := EditLVMFilters(in, lvmDisks)
		if got != want || err != nil {
			t.Errorf("%s\n got %s, %v\nwant %s", in, got, err, want)
		}
		if again, err := EditLVMFilters(got, lvmDisks); again != got || err != nil {
			t.Errorf("%s\nbecomes, a second time, %s, %v", got, again, err)
		}
	}
}

// TestEditLVMFiltersInAnotherOrder: the disk that the machine starts from comes first on
// the new one, so that the twins of old names are for other disks.
func TestEditLVMFiltersInAnotherOrder(t *testing.T) {
	t.Parallel()
	names := lvmDisks
	names.First = 1
	const in, want = `filter = [ "a|^/dev/sda2$|", "r|.*|" ]`, `filter = [ "a|^/dev/[sv]d(b2)$|", "a|^/dev/sda2$|", "a|^/dev/vda2$|", "r|.*|" ]`
	if got, err := EditLVMFilters(in, names); got != want || err != nil {
		t.Errorf("got %s, %v\nwant %s", got, err, want)
	}
}

// TestEditLVMScan: LVM looks for disks where virtio disks are.
func TestEditLVMScan(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`devices { scan = [ "/dev/disk/by-id" ] }`:                             `devices { scan = [ "/dev", "/dev/disk/by-id" ] }`,
		"devices {\n\tscan = [\"/dev/mapper\", # \"/dev\"\n\"/dev/cciss\"]\n}": "devices {\n\tscan = [ \"/dev\",\"/dev/mapper\", # \"/dev\"\n\"/dev/cciss\"]\n}",
		`devices/scan = "/dev/disk/by-path"`:                                   `devices/scan = [ "/dev", "/dev/disk/by-path" ]`,
		`devices { scan = [ "/dev" ] }`:                                        `devices { scan = [ "/dev" ] }`,
		`devices { scan = [ "/dev/mapper", '/dev/' ] }`:                        `devices { scan = [ "/dev/mapper", '/dev/' ] }`,
		`devices { scan_lvs = 0 }`:                                             `devices { scan_lvs = 0 }`,
		`# scan = [ "/dev/mapper" ]`:                                           `# scan = [ "/dev/mapper" ]`,
		`devices { scan = [ ] }`:                                               `devices { scan = [ ] }`,
		`devices { scan = [ "/dev/x`:                                           `devices { scan = [ "/dev/x`,
	} {
		got, err := EditLVM(in, lvmDisks)
		if got != want || err != nil {
			t.Errorf("%s\n got %s, %v\nwant %s", in, got, err, want)
		}
		if again, err := EditLVM(got, lvmDisks); again != got || err != nil {
			t.Errorf("%s\nbecomes, a second time, %s, %v", got, again, err)
		}
	}
}

// TestLVMScanInGuest: the file that was edited holds.
func TestLVMScanInGuest(t *testing.T) {
	t.Parallel()
	const name = "/etc/lvm/lvmlocal.conf"
	e := edittest.Of(t, guesttest.New(t, map[string]string{name: "devices {\n\tscan = \"/dev/mapper\"\n\tfilter = [ \"a|sda|\", \"r|.*|\" ]\n}\n"}))
	if err := NewConfiguration(e, lvmDisks, guest.FirmwareBIOS).FixEarlyFiles(); err != nil {
		t.Fatal(err)
	}
	const want = "devices {\n\tscan = [ \"/dev\", \"/dev/mapper\" ]\n\tfilter = [ \"a|sda|\", \"a|vda|\", \"r|.*|\" ]\n}\n"
	if text, _, _ := e.Read(name); text != want {
		_, warnings := e.Take()
		t.Errorf("it is %q, want %q; %v", text, want, warnings)
	}
}

// TestLVMDevices: lists of the old machine's disks are not left to hide those of the new
// one.
func TestLVMDevices(t *testing.T) {
	t.Parallel()
	const serial = "# LVM uses devices listed in this file.\nHOSTNAME=web\nIDTYPE=sys_serial IDNAME=6000c29 DEVNAME=/dev/sda2 PVID=pv1 PART=2\n"
	const byName = "IDTYPE=devname IDNAME=/dev/sda2 DEVNAME=/dev/sda2 PVID=pv1\n"
	const stable = "IDTYPE=md_uuid IDNAME=aa-bb DEVNAME=/dev/md0 PVID=pv1\n"
	const devices = "/etc/lvm/devices/"
	for name, tt := range map[string]struct {
		files   map[string]string
		removed string
		told    string
	}{
		"none":                 {},
		"by serial number":     {files: map[string]string{devices + "system.devices": serial}, removed: devices + "system.devices"},
		"by name":              {files: map[string]string{devices + "system.devices": byName}, removed: devices + "system.devices"},
		"one that is set":      {files: map[string]string{devices + "own.devices": serial, "/etc/lvm/lvm.conf": "devices {\n use_devicesfile = 1\n devicesfile = \"own.devices\"\n}\n"}, removed: devices + "own.devices"},
		"set in lvmlocal.conf": {files: map[string]string{devices + "own.devices": byName, "/etc/lvm/lvmlocal.conf": "devices { devicesfile=\"own.devices\" }\n"}, removed: devices + "own.devices"},
		"of an application":    {files: map[string]string{devices + "app.devices": serial}, told: devices + "app.devices"},
		"of arrays":            {files: map[string]string{devices + "app.devices": stable}},
		"a path":               {files: map[string]string{"/etc/passwd": "x", "/etc/lvm/lvm.conf": "devices { devicesfile=\"../../passwd\" }\n"}},
	} {
		e := edittest.Of(t, guesttest.New(t, tt.files))
		if err := RemoveCaches(e); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		changes, warnings := e.Take()
		if (len(changes) == 1) != (tt.removed != "") || len(changes) > 0 && changes[0].Path != tt.removed {
			t.Errorf("%s: changes %+v, want %q removed", name, changes, tt.removed)
		}
		if (len(warnings) == 1) != (tt.told != "") || len(warnings) > 0 && !strings.Contains(warnings[0].Message, tt.told) {
			t.Errorf("%s: warnings %v, want one of %q", name, warnings, tt.told)
		}
	}
}

func TestEditLVMFiltersWithoutVolumesInSight(t *testing.T) {
	t.Parallel()
	const in = `filter = [ "a|/dev/disk/by-id/.*|", "r|.*|" ]`
	const want = `filter = [ "a|^/dev/[sv]d[a-z]+[0-9]*$|", "a|/dev/disk/by-id/.*|", "r|.*|" ]`
	if got, err := EditLVMFilters(in, devname.Names{}); got != want || err != nil {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

func TestFilterThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for _, in := range []string{`filter = [ "a|/dev/sda|", "r|.*`, `filter = [ "x|y|" ]`, `filter = [ "a|(|" ]`, `filter = [ "a|x|"`} {
		got, findings := editLVMConf(in, bootScope{names: lvmDisks})
		if got != in || len(findings) != 1 {
			t.Errorf("%s: got %s with %v, want it kept and told", in, got, findings)
		}
	}
}
