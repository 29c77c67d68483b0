package fstab

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

var testNames = devname.New(guesttest.Devices, guesttest.Mounts)

func TestEditFstab(t *testing.T) {
	t.Parallel()
	const byPath = "/dev/disk/by-path/pci-0000:00:10.0-scsi-0:0:0:0-part2"
	tests := map[string]struct {
		mode     string // stabilize-all if empty
		in, want string
		notes    []string // a part of each
	}{
		"noop":                {mode: ModeNoop, in: "/dev/sda2 / ext4 defaults 0 1\n", want: "/dev/sda2 / ext4 defaults 0 1\n"},
		"partition":           {in: "/dev/sda2 / ext4 defaults 0 1\n", want: "UUID=root-uuid / ext4 defaults 0 1\n"},
		"nvme":                {in: "/dev/nvme0n1p2 / ext4 defaults 0 1\n", want: "UUID=root-uuid / ext4 defaults 0 1\n"},
		"swap":                {in: "/dev/sda3 none swap sw 0 0\n", want: "UUID=swap-uuid none swap sw 0 0\n"},
		"md":                  {in: "/dev/md0 /srv ext4 defaults 0 2\n", want: "UUID=md-uuid /srv ext4 defaults 0 2\n"},
		"lvm stays":           {in: "/dev/vg0/home /home xfs defaults 0 0\n", want: "/dev/vg0/home /home xfs defaults 0 0\n"},
		"mapper stays":        {in: "/dev/mapper/vg0-home /home xfs defaults 0 0\n", want: "/dev/mapper/vg0-home /home xfs defaults 0 0\n"},
		"tags stay":           {in: "UUID=root-uuid / ext4 defaults 0 1\nPARTUUID=part-0001 /boot/efi vfat defaults 0 1\n", want: "UUID=root-uuid / ext4 defaults 0 1\nPARTUUID=part-0001 /boot/efi vfat defaults 0 1\n"},
		"pseudo stay":         {in: "proc /proc proc defaults 0 0\n/dev/shm /tmp none bind 0 0\n", want: "proc /proc proc defaults 0 0\n/dev/shm /tmp none bind 0 0\n"},
		"comments stay":       {in: "# /dev/sda2 / ext4\n\t # x\n\n/dev/sda2\n", want: "# /dev/sda2 / ext4\n\t # x\n\n/dev/sda2\n"},
		"no last line end":    {in: "/dev/sda2 / ext4 defaults 0 1", want: "UUID=root-uuid / ext4 defaults 0 1"},
		"CRLF":                {in: "/dev/sda2 / ext4 defaults 0 1\r\n", want: "UUID=root-uuid / ext4 defaults 0 1\r\n"},
		"tabs":                {in: "/dev/sda2\t\t/\text4\tdefaults\t0\t1\n", want: "UUID=root-uuid\t\t/\text4\tdefaults\t0\t1\n"},
		"columns keep":        {in: "/dev/sda2              /   ext4\n", want: "UUID=root-uuid         /   ext4\n"},
		"columns too narrow":  {in: "/dev/sda2  /   ext4\n", want: "UUID=root-uuid /   ext4\n"},
		"by-path, its mode":   {mode: ModeBypathOnly, in: "/dev/sda3 none swap sw 0 0\n/dev/disk/by-id/x-part2 / ext4 defaults 0 1\n/dev/fd0 /f vfat rw 0 0\n", want: "/dev/sda3 none swap sw 0 0\n/dev/disk/by-id/x-part2 / ext4 defaults 0 1\n/dev/fd0 /f vfat rw 0 0\n"},
		"by-path of the root": {mode: ModeBypathOnly, in: byPath + " / ext4 defaults 0 1\n", want: "UUID=root-uuid / ext4 defaults 0 1\n"},
		"by-path of two disks": {
			mode: ModeBypathOnly, in: byPath + " /x ext4 defaults 0 1\n", want: byPath + " /x ext4 defaults 0 1\n",
			notes: []string{"no disk of this guest has that device"},
		},
		"btrfsvol":                   {mode: ModeBypathOnly, in: "btrfsvol:/dev/sda2/@ / btrfs defaults 0 0\n", want: "UUID=root-uuid / btrfs subvol=@ 0 0\n"},
		"btrfsvol in a directory":    {in: "btrfsvol:/dev/sda2/a/b /b btrfs noatime 0 0\n", want: "UUID=root-uuid /b btrfs noatime,subvol=a/b 0 0\n"},
		"btrfsvol with subvol":       {in: "btrfsvol:/dev/sda2/@ / btrfs subvol=@ 0 0\n", want: "UUID=root-uuid / btrfs subvol=@ 0 0\n"},
		"btrfsvol on LVM":            {in: "btrfsvol:/dev/vg0/home/@h /home btrfs defaults 0 0\n", want: "/dev/vg0/home /home btrfs subvol=@h 0 0\n"},
		"CD without noauto":          {in: "/dev/sr0 /cd iso9660 ro 0 0\n", want: "/dev/sr0 /cd iso9660 ro,nofail 0 0\n", notes: []string{"nofail"}},
		"CD with noauto":             {in: "/dev/cdrom /cd iso9660 ro,noauto 0 0\n", want: "/dev/cdrom /cd iso9660 ro,noauto 0 0\n"},
		"IDE CD":                     {in: "/dev/hdc /cd udf,iso9660 user,noauto 0 0\n", want: "/dev/hdc /cd udf,iso9660 user,noauto 0 0\n"},
		"quoted":                     {in: "\"/dev/sda2\" / ext4 defaults 0 1\n", want: "\"UUID=root-uuid\" / ext4 defaults 0 1\n"},
		"journal device":             {in: "LABEL=logs /l xfs logdev=/dev/sda3,noatime 0 0\n", want: "LABEL=logs /l xfs logdev=/dev/disk/by-uuid/swap-uuid,noatime 0 0\n"},
		"disk that was not migrated": {in: "/dev/sdz1 /data ext4 defaults 0 2\n", want: "/dev/sdz1 /data ext4 defaults 0 2\n", notes: []string{"/dev/sdz1 (/data) stays"}},
		"no stable name":             {in: "/dev/sdb1 /data ext4 defaults 0 2\n", want: "/dev/sdb1 /data ext4 defaults 0 2\n", notes: []string{"neither a UUID nor a label"}},
		"the root under a strange name": {
			in: "/dev/dm-0 / ext4 defaults 0 1\n", want: "UUID=root-uuid / ext4 defaults 0 1\n",
		},
		"shared folders": {
			in:    ".host:/ /mnt/hgfs fuse.vmhgfs-fuse defaults,allow_other 0 0\n.host:/x /x vmhgfs noauto 0 0\n",
			want:  "# old machine only: .host:/ /mnt/hgfs fuse.vmhgfs-fuse defaults,allow_other 0 0\n.host:/x /x vmhgfs noauto 0 0\n",
			notes: []string{".host:/ (/mnt/hgfs) was commented out"},
		},
		"shared folders by FUSE's old name": {
			in:    "vmhgfs-fuse#.host:/ /h fuse defaults 0 0\nvmhgfs-fuse /g fuse allow_other 0 0\n",
			want:  "# old machine only: vmhgfs-fuse#.host:/ /h fuse defaults 0 0\n# old machine only: vmhgfs-fuse /g fuse allow_other 0 0\n",
			notes: []string{"vmhgfs-fuse#.host:/ (/h)", "vmhgfs-fuse (/g)"},
		},
		"shared folders of VirtualBox and Parallels": {
			in:    "share /v vboxsf rw 0 0\npsf /p prl_fs rw 0 0\nhost0 /9p 9p trans=virtio 0 0\n",
			want:  "# old machine only: share /v vboxsf rw 0 0\n# old machine only: psf /p prl_fs rw 0 0\nhost0 /9p 9p trans=virtio 0 0\n",
			notes: []string{"share (/v) was commented out", "psf (/p) was commented out"},
		},
		"shared folders, another mode": {
			mode: ModeBypathOnly, in: ".host:/ /h vmhgfs defaults 0 0\n", want: ".host:/ /h vmhgfs defaults 0 0\n",
		},
		"another file system on the device": {
			in: "/dev/sda3 /data xfs defaults 0 0\n", want: "/dev/sda3 /data xfs defaults 0 0\n", notes: []string{"one with swap"},
		},
		"paths that are not clean": {in: "/dev/./sda2 /x ext4 defaults 0 1\n/dev//sda2 /y ext4 defaults 0 1\n", want: "UUID=root-uuid /x ext4 defaults 0 1\nUUID=root-uuid /y ext4 defaults 0 1\n"},
		"a byte order mark":        {in: "\ufeff/dev/sda2 / ext4 defaults 0 1\n", want: "\ufeffUUID=root-uuid / ext4 defaults 0 1\n"},
		"a journal by its number": {
			in: "UUID=root-uuid / ext4 rw,journal_dev=0x813 0 1\n", want: "UUID=root-uuid / ext4 rw,journal_dev=0x813 0 1\n", notes: []string{"journal_dev=0x813 is the number"},
		},
		"names of others": {
			in:   "/dev/mapper/luks-x /a ext4 defaults 0 0\n/dev/mapper/old-swap none swap sw 0 0\n/dev/zvol/x /z ext4 defaults 0 0\n/dev/drbd/x /y ext4 defaults 0 0\n/dev/bcache0 /b ext4 defaults 0 0\n/dev/vg0/home /h ext4 defaults 0 0\n",
			want: "/dev/mapper/luks-x /a ext4 defaults 0 0\n/dev/mapper/old-swap none swap sw 0 0\n/dev/zvol/x /z ext4 defaults 0 0\n/dev/drbd/x /y ext4 defaults 0 0\n/dev/bcache0 /b ext4 defaults 0 0\n/dev/vg0/home /h ext4 defaults 0 0\n",
		},
		"any of several types":    {in: "/dev/sda2 /data xfs,ext3 defaults 0 0\n", want: "UUID=root-uuid /data xfs,ext3 defaults 0 0\n"},
		"type that tells nothing": {in: "/dev/sda2 /data auto defaults 0 0\n", want: "UUID=root-uuid /data auto defaults 0 0\n"},
		"network shares":          {in: "nas:/x /x nfs defaults 0 0\n//nas/y /y cifs password=/dev/sda1 0 0\n", want: "nas:/x /x nfs defaults 0 0\n//nas/y /y cifs password=/dev/sda1 0 0\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mode := tt.mode
			if mode == "" {
				mode = ModeStabilizeAll
			}
			got, notes := editFstab(tt.in, mode, testNames, openedBy("old-swap /dev/sda3 /dev/urandom swap\n# x\n")...)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(notes) != len(tt.notes) {
				t.Fatalf("notes = %v, want %v", notes, tt.notes)
			}
			for i, n := range notes {
				if !strings.Contains(n.Message, tt.notes[i]) || n.Line == 0 {
					t.Errorf("note = %+v, want one on %q", n, tt.notes[i])
				}
			}
			again, _ := editFstab(got, mode, testNames)
			if again != got {
				t.Errorf("a second edit gave %q", again)
			}
		})
	}
}

func TestEditFstabUnknownTag(t *testing.T) {
	t.Parallel()
	in := "UUID=gone /data ext4 defaults 0 2\nUUID=gone2 /opt ext4 nofail 0 2\n"
	if _, notes := editFstab(in, ModeStabilizeAll, testNames); len(notes) != 0 {
		t.Errorf("with locked encryption the tag may be inside: notes = %v", notes)
	}
	open := devname.New(guesttest.Devices[:4], nil)
	_, notes := editFstab(in, ModeStabilizeAll, open)
	if len(notes) != 1 || notes[0].Line != 1 || !strings.Contains(notes[0].Message, "UUID=gone (/data)") {
		t.Errorf("notes = %v, want one for line 1", notes)
	}
}

func FuzzEditFstab(f *testing.F) {
	f.Add("/dev/sda2 / ext4 defaults 0 1\n# c\n/dev/sda3\tnone swap sw 0 0")
	f.Add("btrfsvol:/dev/sda2/@ / btrfs defaults\n/dev/sr0 /cd iso9660 ro")
	f.Add("\"/dev/sda2\"   / a device=/dev/sda2,x")
	f.Fuzz(func(t *testing.T, in string) {
		got, _ := editFstab(in, ModeStabilizeAll, testNames)
		if strings.Count(got, "\n") != strings.Count(in, "\n") {
			t.Errorf("lines of %q: %q", in, got)
		}
		if again, _ := editFstab(got, ModeStabilizeAll, testNames); again != got {
			t.Errorf("a second edit of %q turned %q into %q", in, got, again)
		}
		if same, notes := editFstab(in, ModeNoop, testNames); same != in || notes != nil {
			t.Errorf("noop changed %q to %q", in, same)
		}
	})
}

// A guest may hold a hostile file of any shape.
func TestEditsTakeLinearTime(t *testing.T) {
	t.Parallel()
	start := time.Now()
	for _, unit := range []string{"a", "\"", "'", "\\", "/dev/sda2 / ext4\n", "/", ",", "\n"} {
		editFstab(strings.Repeat(unit, 1<<18/len(unit)), ModeStabilizeAll, testNames)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("took %s", took)
	}
}

// TestFstabNamesThatNoDiskHas: a volume, and a link by a tag, that is on no disk stops
// the guest at each boot.
func TestFstabNamesThatNoDiskHas(t *testing.T) {
	t.Parallel()
	open := slices.DeleteFunc(slices.Clone(guesttest.Devices), func(d guest.Device) bool { return d.FSType == guest.FSTypeLUKS })
	for spec, told := range map[string]bool{
		"UUID=gone": true, "/dev/disk/by-uuid/gone": true, "/dev/disk/by-label/gone": true, "/dev/disk/by-partuuid/gone": true,
		"/dev/mapper/oldvg-data": true, "/dev/mapper/old--vg-data": true, "/dev/oldvg/data": true, "/dev/mapper/mpath_data1": true,
		"/dev/disk/by-uuid/root-uuid": false, "/dev/vg0/home": false, "/dev/vg0/inactive": false, "/dev/mapper/vg0-inactive": false,
		"/dev/mapper/old-opened": false, "/dev/mapper/luks-gone": false, "/dev/mapper/opened": true, "/dev/data-disk": true, "/dev/disk/by-dname/data-part1": true, "/dev/zram0": false, "/dev/loop0": false, "/dev/etherd/e0.0": false, "/dev/root": false, "/dev/fuse": false, "/dev/zvol/x": false, "/dev/drbd0": false, "/dev/bcache0": false, "tmpfs": false,
	} {
		for _, option := range []string{"defaults", "nofail"} {
			_, notes := editFstab(spec+" /d auto "+option+" 0 2\n", ModeStabilizeAll, devname.New(open, guesttest.Mounts), "old-opened")
			if want := told && (option == "defaults" || devname.IsStale(spec)); (len(notes) == 1) != want || want && option == "defaults" && !strings.Contains(notes[0].Remedy, "emergency mode") {
				t.Errorf("%s, %s: %v", spec, option, notes)
			}
		}
	}
}

// TestFstabNamesThatFilesMake: links of udev's rules and volumes of VDO are made on the
// new machine too, maps of multipath are not.
func TestFstabNamesThatFilesMake(t *testing.T) {
	t.Parallel()
	open := slices.DeleteFunc(slices.Clone(guesttest.Devices), func(d guest.Device) bool { return d.FSType == guest.FSTypeLUKS })
	locked := guesttest.Devices
	for _, tt := range []struct {
		spec, file, text, told string
		devices                guest.Devices
	}{
		{"/dev/mapper/data1", "/etc/multipath.conf", "multipaths {\n multipath {\n  wwid 3600\n  alias data\n }\n}\n", "multipath", open},
		{"/dev/mapper/data-part1", "/etc/multipath/conf.d/a.conf", "multipaths {\n multipath {\n  alias \"data\"\n }\n}\n", "multipath", open},
		{"/dev/mapper/datap2", "/etc/multipath.conf", " alias data\n", "multipath", open},
		{"/dev/mapper/database", "/etc/multipath.conf", " alias data\n", "nothing in it tells", open},
		{"/dev/mapper/data1", "/etc/multipath.conf", "# alias data\n", "nothing in it tells", open},
		{"/dev/mapper/data1", "/etc/multipath.conf", " alias data\n", "", locked},
		{"/dev/mapper/vdo1", "/etc/vdoconf.yml", "config: !Configuration\n  vdos:\n    vdo1: !VDOService\n      device: /dev/sdb\n", "", open},
		{"/dev/mapper/vdo2", "/etc/vdoconf.yml", "config: !Configuration\n  vdos:\n    vdo1: !VDOService\n", "nothing in it tells", open},
		{"/dev/mapper/crypt", "/etc/crypttab", "crypt /dev/sdb1 none luks\n", "", open},
		{"/dev/data-disk", "/etc/udev/rules.d/60-x.rules", "ENV{ID_FS_UUID}==\"x\", SYMLINK+=\"other data-disk\"\n", "", open},
		{"/dev/data-disk2", "/etc/udev/rules.d/60-x.rules", "ENV{ID_FS_UUID}==\"x\", SYMLINK+=\"data-disk\"\n", "no rule of udev", open},
		{"/dev/disk/by-dname/a-part1", "/etc/udev/rules.d/a.rules", "ENV{ID_PART_TABLE_UUID}==\"x\", SYMLINK+=\"disk/by-dname/a-part%n\"\n", "", open},
		{"/dev/oracleoci/oraclevdb1", "/etc/udev/rules.d/a.rules", "KERNEL==\"sd*\", SYMLINK+=\"oracleoci/oraclevd$env{L}%n\"\n", "", open},
		{"/dev/oracleoci/oraclevdb1", "/etc/udev/rules.d/a.rules", "KERNEL==\"sd*\", SYMLINK==\"oracleoci/oraclevdb1\", RUN+=\"/x\"\n", "is on no disk", open},
	} {
		e := edittest.New(t, edit.Guest{FS: guesttest.New(t, map[string]string{"/etc/fstab": tt.spec + " /d xfs defaults 0 0\n", tt.file: tt.text}), Mounts: guesttest.Mounts})
		if err := Fix(e, devname.New(tt.devices, guesttest.Mounts), ModeStabilizeAll); err != nil {
			t.Fatal(err)
		}
		_, warnings := e.Take()
		if tt.told == "" && len(warnings) > 0 || tt.told != "" && (len(warnings) != 1 || !strings.Contains(warnings[0].Message, tt.told)) {
			t.Errorf("%s with %s: %v, want %q", tt.spec, tt.text, warnings, tt.told)
		}
	}
}
