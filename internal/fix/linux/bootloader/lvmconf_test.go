package bootloader

import (
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
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
