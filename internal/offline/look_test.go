package offline

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/blockfs"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/blockfs/blockfstest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/parttable"
)

// Where the partitions of testdata begin, in bytes.
const (
	bootStart = 1 << 20
	rootStart = 3 << 20
)

// debian is the disk of testdata, with texts replaced by others of their length.
func debian(t *testing.T, replace ...string) []byte {
	t.Helper()
	image := blockfstest.Load(t, "testdata", "debian")
	data := make([]byte, image.Size)
	if _, err := image.ReadAt(data, 0); err != nil {
		t.Fatal(err)
	}
	for ; len(replace) > 0; replace = replace[2:] {
		before, after := []byte(replace[0]), []byte(replace[1])
		if !bytes.Contains(data, before) || len(before) != len(after) {
			t.Fatalf("%q cannot become %q", before, after)
		}
		data = bytes.ReplaceAll(data, before, after)
	}
	return data
}

func lookAt(t *testing.T, data []byte) *View {
	t.Helper()
	view, err := Look(t.Context(), []Disk{{ReaderAt: bytes.NewReader(data), Size: int64(len(data)), SectorSize: 512}}, false)
	if err != nil {
		t.Fatal(err)
	}
	return view
}

func TestLook(t *testing.T) {
	t.Parallel()
	view := lookAt(t, debian(t))
	if len(view.Unread) > 0 || len(view.Stale) > 0 {
		t.Errorf("not read: %q, stale: %q", view.Unread, view.Stale)
	}
	wantDevices := guest.Devices{
		{Name: "/dev/sda", Kind: guest.KindDisk, Size: 8 << 20},
		{
			Name: "/dev/sda1", Kind: guest.KindPartition, Partition: 1, FSType: "ext2", UUID: "11111111-0000-0000-0000-000000000001",
			PartUUID: "12345678-01", Size: 2 << 20,
		},
		{
			Name: "/dev/sda2", Kind: guest.KindPartition, Partition: 2, FSType: "ext4", UUID: "11111111-0000-0000-0000-000000000002",
			PartUUID: "12345678-02", Size: 4 << 20,
		},
	}
	if !slices.Equal(view.Devices, wantDevices) {
		t.Errorf("devices are %+v", view.Devices)
	}
	if len(view.Systems) != 1 {
		t.Fatalf("systems are %+v", view.Systems)
	}
	system := view.Systems[0]
	mounted, err := view.Mount(system)
	if err != nil {
		t.Fatal(err)
	}
	system.Tables = guest.Tables{}
	if want := (guest.OS{
		Root: "/dev/sda2", Type: "linux", Distro: "debian", Product: "Debian GNU/Linux 12 (bookworm)", Version: "12.9", Major: 12, Minor: 9,
		Arch: "x86_64", Hostname: "web1", PackageFormat: "deb", PackageManagement: "apt", Osinfo: "debian12",
	}); !equalOS(system, want) {
		t.Errorf("the system is %+v, want %+v", system, want)
	}
	if want := []guest.Mount{{Device: "/dev/sda2", Path: "/", FSType: "ext4"}, {Device: "/dev/sda1", Path: "/boot", FSType: "ext2"}}; !slices.Equal(mounted.Mounts, want) {
		t.Errorf("mounted are %+v", mounted.Mounts)
	}
	if area := mounted.Hibernated(view.Systems[0]); area != "" {
		t.Errorf("the guest is hibernated in %s", area)
	}
}

// TestMountWithoutPoint: a mount point that the guest does not have, which systemd
// makes at each boot, is there to be mounted on.
func TestMountWithoutPoint(t *testing.T) {
	t.Parallel()
	for fstab, test := range map[string]struct {
		warning string
		mounted string // where /boot's file system is
	}{
		"/srv ext2 defaults 0 2 ": {mounted: "/srv"},
		"/var ext2 defaults 0 2 ": {mounted: "/var"},
		"/srv/a/b ext2 def 0 2  ": {mounted: "/srv/a/b"},
		"/bin/b ext2 def 0 2    ": {mounted: "/bin/b"},
		"/swapfile ext2 def 0 2 ": {warning: "/swapfile (/dev/sda1) cannot be mounted: the path leads to no directory, but to a file"},
		"/swapfile/a ext2 def 0 ": {warning: "/swapfile/a (/dev/sda1) cannot be mounted: the path leads to no directory, but to a file"},
	} {
		view := lookAt(t, debian(t, "/boot ext2 defaults 0 2", fstab))
		if len(view.Unread) > 0 || len(view.Systems) != 1 {
			t.Errorf("%s: not read: %q", fstab, view.Unread)
			continue
		}
		m, err := view.Mount(view.Systems[0])
		if err != nil {
			t.Errorf("%s: %v", fstab, err)
			continue
		}
		if test.warning != "" {
			if len(m.Mounts) != 1 || len(m.Warnings) != 1 || !strings.HasPrefix(m.Warnings[0].Message, test.warning) {
				t.Errorf("%s: mounted %+v, warned of %q", fstab, m.Mounts, m.Warnings)
			}
			continue
		}
		if len(m.Warnings) > 0 {
			t.Errorf("%s: warned of %q", fstab, m.Warnings)
		}
		if names, err := m.FS.ReadDir(test.mounted); err != nil || !slices.Contains(names, "grub") {
			t.Errorf("%s: %s has %q, %v", fstab, test.mounted, names, err)
		}
	}
}

// TestMountWithoutFstab: a guest without a table leaves its EFI system partition to
// systemd, too.
func TestMountWithoutFstab(t *testing.T) {
	t.Parallel()
	view := lookAt(t, debian(t, "fstab", "fsta_"))
	view.Disks[0].Partitions[0].GPTType, view.Devices[1].FSType = parttable.GPTESP, "vfat"
	m, err := view.Mount(guest.OS{Root: "/dev/sda2", Type: "linux"})
	if err != nil {
		t.Fatal(err)
	}
	want := []guest.Mount{{Device: "/dev/sda2", Path: "/", FSType: "ext4"}, {Device: "/dev/sda1", Path: "/boot", FSType: "vfat"}}
	if !slices.Equal(m.Mounts, want) || !slices.Contains(m.Warnings, guest.NoFstab) {
		t.Errorf("mounted are %+v, warnings %q", m.Mounts, m.Warnings)
	}
	if names, err := m.FS.ReadDir("/boot"); err != nil || !slices.Contains(names, "grub") {
		t.Errorf("/boot has %q, %v", names, err)
	}
}

// equalOS compares systems without their tables.
func equalOS(a, b guest.OS) bool {
	return a.Root == b.Root && a.Type == b.Type && a.Distro == b.Distro && a.Product == b.Product && a.Version == b.Version &&
		a.Major == b.Major && a.Minor == b.Minor && a.Arch == b.Arch && a.Hostname == b.Hostname &&
		a.PackageFormat == b.PackageFormat && a.PackageManagement == b.PackageManagement && a.Osinfo == b.Osinfo
}

// TestLookIsNotEnough: whatever may make the answer a wrong one is said.
func TestLookIsNotEnough(t *testing.T) {
	t.Parallel()
	write := func(at int, text string) func([]byte) { return func(data []byte) { copy(data[at:], text) } }
	for name, test := range map[string]struct {
		replace []string
		edit    func(data []byte)
		want    string
	}{
		"btrfs":                  {edit: write(bootStart+0x10040, "_BHRfS_M"), want: "/dev/sda1 (btrfs)"},
		"a damaged NTFS":         {edit: func(data []byte) { clear(data[bootStart:][:4096]); copy(data[bootStart+3:], "NTFS    ") }, want: "/dev/sda1 (ntfs)"},
		"unknown distribution":   {replace: []string{"ID=debian", "ID=devuan"}, want: "the distribution of the system on /dev/sda2"},
		"no version":             {replace: []string{"VERSION_ID=", "NOVERSION__"[:11], "12.9\n", "sid/\n"}, want: "the distribution of the system on /dev/sda2"},
		"a root that is damaged": {edit: func(data []byte) { clear(data[rootStart+2048:][:8192]) }, want: "/dev/sda2: "},
		"a /boot that is gone":   {edit: func(data []byte) { clear(data[bootStart:rootStart]) }, want: "/boot (/dev/sda1) cannot be mounted: it is not read"},
		"something unknown": {
			edit: func(data []byte) { clear(data[bootStart:]); copy(data[rootStart:], "ZFS, maybe") }, want: "/dev/sda2 may hold one",
		},
		"outside of the disk": {edit: write(446+16+12, "\xff\xff\xff\x00"), want: "/dev/sda2 lies outside of its disk"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := debian(t, test.replace...)
			if test.edit != nil {
				test.edit(data)
			}
			view := lookAt(t, data)
			if !slices.ContainsFunc(view.Unread, func(reason string) bool { return strings.Contains(reason, test.want) }) {
				t.Errorf("not read: %q, want %q", view.Unread, test.want)
			}
		})
	}
}

// TestLookAtNTFS: a volume with data alone is none of Windows.
func TestLookAtNTFS(t *testing.T) {
	t.Parallel()
	image := blockfstest.Load(t, "../blockfs/testdata", "ntfs")
	view, err := Look(t.Context(), []Disk{{ReaderAt: image, Size: image.Size, SectorSize: 512}}, false)
	if err != nil || len(view.Unread) > 0 || len(view.Systems) > 0 || view.Devices[0].FSType != "ntfs" {
		t.Errorf("%+v, %v", view, err)
	}
}

func TestLookAtNothing(t *testing.T) {
	t.Parallel()
	view := lookAt(t, make([]byte, 1<<20))
	if len(view.Unread) > 0 || len(view.Systems) > 0 || len(view.Devices) != 1 {
		t.Errorf("%+v", view)
	}
}

// TestLookAtEncrypted: without keys an appliance reads no more than this.
func TestLookAtEncrypted(t *testing.T) {
	t.Parallel()
	data := make([]byte, 1<<20)
	copy(data, "LUKS\xba\xbe\x00\x01")
	for _, keys := range []bool{false, true} {
		view, err := Look(t.Context(), []Disk{{ReaderAt: bytes.NewReader(data), Size: int64(len(data)), SectorSize: 512}}, keys)
		if err != nil || keys != (len(view.Unread) > 0) || len(view.Devices.Locked()) != 1 {
			t.Errorf("keys %t: %+v, %v", keys, view, err)
		}
	}
}

// mirror is a disk that is the member of an array, with a superblock of version
// 1.2.
func mirror(id byte, name string) Disk {
	le := binary.LittleEndian
	data := make([]byte, 2<<20)
	superblock := data[4096:]
	le.PutUint32(superblock, 0xa92b4efc)
	le.PutUint32(superblock[4:], 1)
	superblock[16] = id
	copy(superblock[32:], name)
	le.PutUint32(superblock[72:], 1)
	le.PutUint64(superblock[80:], 1024)
	le.PutUint64(superblock[128:], 2048)
	le.PutUint64(superblock[144:], 8)
	copy(data[1<<20+4086:], "SWAPSPACE2")
	return Disk{ReaderAt: bytes.NewReader(data), Size: int64(len(data)), SectorSize: 512}
}

func TestArrayNames(t *testing.T) {
	t.Parallel()
	view, err := Look(t.Context(), []Disk{
		mirror(1, "web1:0"), mirror(1, "web1:0"), mirror(2, "web1:root"), mirror(3, ""), mirror(4, "web2:0"),
	}, false)
	if err != nil || len(view.Unread) > 0 {
		t.Fatalf("%+v, %v", view, err)
	}
	var names []string
	for _, device := range view.Devices {
		switch {
		case device.Kind == guest.KindDisk && device.FSType != "linux_raid_member":
			t.Errorf("%+v is no member", device)
		case device.Kind == guest.KindMD && (device.FSType != guest.FSTypeSwap || device.Size != 512<<10):
			t.Errorf("%+v is no swap area of 512 KiB", device)
		case device.Kind == guest.KindMD:
			names = append(names, device.Name+" "+device.GuestName)
		}
	}
	if want := []string{"/dev/md0 /dev/md0", "/dev/md127 /dev/md/root", "/dev/md126 ", "/dev/md125 /dev/md0"}; !slices.Equal(names, want) {
		t.Errorf("arrays are %q, want %q", names, want)
	}
}

func TestStale(t *testing.T) {
	t.Parallel()
	data := debian(t)
	data[rootStart+1024+0x60] |= 0x4
	view := lookAt(t, data)
	mounted, err := view.Mount(view.Systems[0])
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(view.Stale, []string{"/dev/sda2"}) || !strings.Contains(view.StaleNote(mounted.Mounts), "/dev/sda2") {
		t.Errorf("stale are %q: %q", view.Stale, view.StaleNote(mounted.Mounts))
	}
	if note := view.StaleNote(mounted.Mounts[1:]); note != "" {
		t.Errorf("of /boot alone it is said that %s", note)
	}
}

func TestHibernated(t *testing.T) {
	t.Parallel()
	view := lookAt(t, debian(t, "SWAPSPACE2", "S1SUSPEND\x00"))
	mounted, err := view.Mount(view.Systems[0])
	if err != nil {
		t.Fatal(err)
	}
	if area := mounted.Hibernated(view.Systems[0]); area != "/swapfile" {
		t.Errorf("the guest is hibernated in %q", area)
	}
}

// countingDisk counts how often it is read.
type countingDisk struct {
	io.ReaderAt
	reads int
}

func (d *countingDisk) ReadAt(p []byte, off int64) (int, error) {
	d.reads++
	return d.ReaderAt.ReadAt(p, off)
}

func TestPages(t *testing.T) {
	t.Parallel()
	content := bytes.Repeat([]byte("0123456789abcdef"), 3*pageSize/16)[:2*pageSize+100]
	disk := &countingDisk{ReaderAt: bytes.NewReader(content)}
	budget := int64(2*pageSize + 50)
	ctx, cancel := context.WithCancel(t.Context())
	p := newPages(ctx, Disk{ReaderAt: disk, Size: int64(len(content))}, &budget, maxPages)
	got := make([]byte, 100)
	for range 3 {
		if _, err := p.ReadAt(got, pageSize-50); err != nil || !bytes.Equal(got, content[pageSize-50:][:100]) {
			t.Fatalf("%q, %v", got, err)
		}
	}
	if disk.reads != 2 {
		t.Errorf("the disk was read %d times", disk.reads)
	}
	if _, err := p.ReadAt(got, 2*pageSize); !errors.Is(err, errTooMuch) {
		t.Errorf("behind the limit: %v", err)
	}
	budget = 1 << 30
	if p.most = 1; p.order.Len() != 2 {
		t.Errorf("%d pages are remembered", p.order.Len())
	}
	if _, err := p.ReadAt(got, 2*pageSize); err != nil {
		t.Error(err)
	}
	if _, known := p.known[0]; known {
		t.Error("the oldest page is remembered, and there are too many")
	}
	cancel()
	if _, err := p.ReadAt(got, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// brokenFS fails as no reader should.
type brokenFS struct{}

func (brokenFS) FoldsCase() bool             { return false }
func (brokenFS) Root() (blockfs.Node, error) { panic("index out of range") }

func TestPanicsAreErrors(t *testing.T) {
	t.Parallel()
	f := files{blockfs.NewTree(brokenFS{})}
	if _, err := f.ReadFile("/etc/fstab"); !errors.Is(err, blockfs.ErrCorrupt) {
		t.Errorf("ReadFile: %v", err)
	}
	if _, err := f.ReadDir("/etc"); !errors.Is(err, blockfs.ErrCorrupt) {
		t.Errorf("ReadDir: %v", err)
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	view := lookAt(t, debian(t))
	mounted, err := view.Mount(view.Systems[0])
	if err != nil {
		t.Fatal(err)
	}
	f := mounted.FS
	if data, err := f.ReadFile("/etc/os-release"); err != nil || !strings.Contains(string(data), "ID=debian") {
		t.Errorf("%q, %v", data, err)
	}
	if target, err := f.Readlink("/bin"); err != nil || target != "usr/bin" {
		t.Errorf("%q, %v", target, err)
	}
	if _, err := f.ReadFile("/absent"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := f.ReadFile("/etc"); !errors.Is(err, syscall.EISDIR) {
		t.Errorf("a directory: %v", err)
	}
	if _, err := f.Stat("etc"); !errors.Is(err, guest.ErrNotAbsolute) {
		t.Errorf("a relative path: %v", err)
	}
	var copied bytes.Buffer
	if err := f.Download("/etc/hostname", &copied); err != nil || copied.String() != "web1\n" {
		t.Errorf("%q, %v", copied.String(), err)
	}
	for name, change := range map[string]func() error{
		"WriteFile": func() error { return f.WriteFile("/etc/fstab", nil, 0o644) },
		"Upload":    func() error { return f.Upload("/etc/fstab", strings.NewReader(""), 0o644) },
		"MkdirAll":  func() error { return f.MkdirAll("/new", 0o755) },
		"Symlink":   func() error { return f.Symlink("a", "/b") },
		"Remove":    func() error { return f.Remove("/etc/fstab") },
		"RemoveAll": func() error { return f.RemoveAll("/etc") },
		"Rename":    func() error { return f.Rename("/etc", "/new") },
		"Chmod":     func() error { return f.Chmod("/etc", 0o700) },
		"Chown":     func() error { return f.Chown("/etc", 1, 1) },
	} {
		if err := change(); !errors.Is(err, syscall.EROFS) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
