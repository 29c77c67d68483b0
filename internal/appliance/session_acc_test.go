//go:build cgo && linux

package appliance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"libguestfs.org/guestfs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/parttable"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testmount"
)

func needAppliance(t *testing.T) {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("launches the libguestfs appliance: set TF_ACC=1 to run it")
	}
}

func newImage(t *testing.T, size string) Drive {
	t.Helper()
	file := filepath.Join(t.TempDir(), "disk.qcow2")
	if out, err := exec.Command("qemu-img", "create", "-q", "-f", "qcow2", file, size).CombinedOutput(); err != nil {
		t.Fatalf("qemu-img: %v: %s", err, out)
	}
	return Drive{Path: file, Format: "qcow2"}
}

// timed logs how long a step of the session takes.
func timed(t *testing.T, step string) func() {
	start := time.Now()
	return func() { t.Logf("%-20s %5.2f s", step, time.Since(start).Seconds()) }
}

const (
	testFstab = `# the names of the old machine
/dev/mapper/my--vg-root / ext4 errors=remount-ro 0 1
/dev/sda2 /boot ext4 defaults 0 2
/dev/disk/by-label/ESP /boot/efi vfat umask=0077 0 1
/dev/nvme0n2p1 /srv auto defaults 0 2
/dev/mapper/secret_crypt /secret ext4 defaults 0 2
/dev/sdc1 /gone ext4 defaults 0 2
/dev/my-vg/swap none swap sw 0 0
`
	testPassphrase = "correct horse"
)

// dataType is the file system of /srv: XFS where the appliance can make it.
func dataType(g *guestfs.Guestfs) string {
	if ok, err := g.Feature_available([]string{"xfs"}); err == nil && ok {
		return "xfs"
	}
	return "ext4"
}

// buildGuest makes a small Linux guest: GPT with ESP, /boot and LVM on the
// first disk, XFS and LUKS on the second, and just enough of the host's
// programs to run something.
func buildGuest(t *testing.T, s *Session) {
	t.Helper()
	defer timed(t, "build")()
	layout := func(g *guestfs.Guestfs) []func() error {
		return []func() error{
			func() error { return g.Part_init("/dev/sda", "gpt") },
			func() error { return g.Part_add("/dev/sda", "p", 2048, 67583) },
			func() error { return g.Part_set_gpt_type("/dev/sda", 1, "C12A7328-F81F-11D2-BA4B-00A0C93EC93B") },
			func() error { return g.Part_set_name("/dev/sda", 1, "EFI-System") },
			func() error { return g.Part_add("/dev/sda", "p", 67584, 198655) },
			func() error { return g.Part_add("/dev/sda", "p", 198656, -2048) },
			func() error {
				return g.Mkfs("vfat", "/dev/sda1", &guestfs.OptargsMkfs{Label_is_set: true, Label: "ESP"})
			},
			func() error { return g.Mkfs("ext4", "/dev/sda2", nil) },
			func() error { return g.Mount("/dev/sda2", "/") },
			func() error { return g.Mkdir("/efi") },
			func() error { return g.Umount("/", nil) },
			func() error { return g.Pvcreate("/dev/sda3") },
			func() error { return g.Vgcreate("my-vg", []string{"/dev/sda3"}) },
			func() error { return g.Lvcreate("root", "my-vg", 300) },
			func() error { return g.Lvcreate("swap", "my-vg", 32) },
			func() error { return g.Mkfs("ext4", "/dev/my-vg/root", nil) },
			func() error { return g.Mkswap("/dev/my-vg/swap", nil) },
			func() error { return g.Part_init("/dev/sdb", "mbr") },
			func() error { return g.Part_add("/dev/sdb", "p", 2048, 821247) },
			func() error { return g.Part_add("/dev/sdb", "p", 821248, -1) },
			func() error { return g.Part_set_bootable("/dev/sdb", 1, true) },
			func() error { return g.Mkfs(dataType(g), "/dev/sdb1", nil) },
			func() error { return g.Luks_format("/dev/sdb2", testPassphrase, 0) },
			func() error { return g.Luks_open("/dev/sdb2", testPassphrase, "building") },
			func() error { return g.Mkfs("ext4", "/dev/mapper/building", nil) },
			func() error { return g.Luks_close("/dev/mapper/building") },
			func() error { return g.Mount("/dev/my-vg/root", "/") },
		}
	}
	if err := s.call("build", "", func(g *guestfs.Guestfs) error {
		for i, step := range layout(g) {
			if err := step(); err != nil {
				return fmt.Errorf("step %d: %w", i, err)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"boot/efi", "bin", "etc", "secret", "dev", "proc", "sys", "tmp", "var/lib/dpkg", "run"} {
		if err := s.MkdirAll("/"+dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	files := map[string]string{
		"/etc/fstab":           testFstab,
		"/etc/crypttab":        "secret_crypt /dev/disk/by-id/ata-unknown none\nsecret_crypt /dev/xvdb2 none luks\n",
		"/etc/os-release":      "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\n",
		"/etc/debian_version":  "12.4\n",
		"/etc/hostname":        "web1\n",
		"/var/lib/dpkg/status": "",
	}
	for name, content := range files {
		if err := s.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	programs := []string{"/bin/sh", "/bin/cat", "/bin/sleep", "/bin/ls"}
	libraries, err := exec.Command("ldd", programs...).Output()
	if err != nil {
		t.Fatal(err)
	}
	for field := range strings.FieldsSeq(string(libraries)) {
		if strings.HasPrefix(field, "/lib") && !strings.HasSuffix(field, ":") {
			programs = append(programs, field)
		}
	}
	for _, program := range programs {
		file, err := os.Open(program)
		if err != nil {
			t.Fatal(err)
		}
		err = errors.Join(s.MkdirAll(filepath.Dir(program), 0o755), s.Upload(program, file, 0o755), file.Close())
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.call("unmount", "", (*guestfs.Guestfs).Umount_all); err != nil {
		t.Fatal(err)
	}
}

func TestAccSession(t *testing.T) {
	t.Parallel()
	needAppliance(t)
	drives := []Drive{newImage(t, "600M"), newImage(t, "450M")}
	dir := t.TempDir()
	done := timed(t, "launch")
	s, err := Open(t.Context(), drives, Options{TempDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	done()
	defer func() { _ = s.Close() }()
	used, reason := s.Accelerator()
	t.Logf("accelerator %s %q", used, reason)
	if (used == AccelTCG) != (reason != "") {
		t.Errorf("accelerator %q with reason %q", used, reason)
	}
	buildGuest(t, s)
	data := dataType(s.handle)

	done = timed(t, "disks")
	disks, err := s.Disks()
	if err != nil {
		t.Fatal(err)
	}
	done()
	wantDisks := []parttable.Disk{
		{Name: "/dev/sda", Size: 600 << 20, PartitionTable: "gpt", Loader: parttable.LoaderNone, Partitions: []parttable.Partition{
			{Number: 1, Device: "/dev/sda1", Start: 1 << 20, Size: 32 << 20, GPTType: parttable.GPTESP, Label: "EFI-System"},
			{Number: 2, Device: "/dev/sda2", Start: 33 << 20, Size: 64 << 20, GPTType: "0FC63DAF-8483-4772-8E79-3D69D8477DE4", Label: "primary"},
			{Number: 3, Device: "/dev/sda3", Start: 97 << 20, Size: 502<<20 + 512, GPTType: "0FC63DAF-8483-4772-8E79-3D69D8477DE4", Label: "primary"},
		}},
		{Name: "/dev/sdb", Size: 450 << 20, PartitionTable: "dos", BootCode: parttable.BootCodeGeneric, Loader: parttable.LoaderNone, Partitions: []parttable.Partition{
			{Number: 1, Device: "/dev/sdb1", Start: 1 << 20, Size: 400 << 20, MBRType: 0x83, Bootable: true},
			{Number: 2, Device: "/dev/sdb2", Start: 401 << 20, Size: 49 << 20, MBRType: 0x83},
		}},
	}
	for n := range disks {
		for m, partition := range disks[n].Partitions {
			if partition.UUID == "" {
				t.Errorf("without a UUID: %+v", partition)
			}
			disks[n].Partitions[m].UUID = ""
		}
	}
	if diff := cmp.Diff(wantDisks, disks); diff != "" {
		t.Errorf("disks (-want +got):\n%s", diff)
	}

	t.Run("spared", func(t *testing.T) { testSpared(t, s) })
	t.Run("keys", func(t *testing.T) { testOpenLUKS(t, s) })

	done = timed(t, "devices")
	devices, err := s.Devices()
	if err != nil {
		t.Fatal(err)
	}
	done()
	wantDevices := guest.Devices{
		{Name: "/dev/sda", Kind: guest.KindDisk},
		{Name: "/dev/sda1", Kind: guest.KindPartition, Partition: 1, FSType: "vfat", Label: "ESP", PartLabel: "EFI-System"},
		{Name: "/dev/sda2", Kind: guest.KindPartition, Partition: 2, FSType: "ext4", PartLabel: "primary"},
		{Name: "/dev/sda3", Kind: guest.KindPartition, Partition: 3, FSType: "LVM2_member", PartLabel: "primary"},
		{Name: "/dev/sdb", Kind: guest.KindDisk, Disk: 1},
		{Name: "/dev/sdb1", Kind: guest.KindPartition, Disk: 1, Partition: 1, FSType: data},
		{Name: "/dev/sdb2", Kind: guest.KindPartition, Disk: 1, Partition: 2, FSType: "crypto_LUKS"},
		{Name: "/dev/mapper/luks-", Kind: guest.KindCrypt, Disk: -1, FSType: "ext4", Parent: "/dev/sdb2"},
		{Name: "/dev/my-vg/root", Kind: guest.KindLV, Disk: -1, FSType: "ext4"},
		{Name: "/dev/my-vg/swap", Kind: guest.KindLV, Disk: -1, FSType: "swap"},
	}
	for i, device := range devices {
		if strings.HasPrefix(device.Name, "/dev/mapper/luks-") {
			devices[i].Name = "/dev/mapper/luks-"
		}
		if device.Size == 0 || device.FSType != "" && device.UUID == "" || device.Kind == guest.KindPartition && device.PartUUID == "" {
			t.Errorf("incomplete: %+v", device)
		}
	}
	if diff := cmp.Diff(wantDevices, devices, cmpopts.IgnoreFields(guest.Device{}, "UUID", "PartUUID", "Size")); diff != "" {
		t.Errorf("devices (-want +got):\n%s", diff)
	}

	done = timed(t, "inspect")
	systems, err := s.Inspect()
	if err != nil {
		t.Fatal(err)
	}
	done()
	wantSystems := []guest.OS{{
		Root: "/dev/my-vg/root", Type: "linux", Distro: "debian", Product: "Debian GNU/Linux 12 (bookworm)",
		Version: "12.4", Major: 12, Minor: 4, Arch: "x86_64", Hostname: "web1",
		PackageFormat: "deb", PackageManagement: "apt", Osinfo: "debian12",
	}}
	if diff := cmp.Diff(wantSystems, systems, cmpopts.IgnoreFields(guest.OS{}, "Tables")); diff != "" {
		t.Fatalf("systems (-want +got):\n%s", diff)
	}

	done = timed(t, "mount")
	mounts, warnings, err := s.MountGuest(systems[0])
	if err != nil {
		t.Fatal(err)
	}
	done()
	wantMounts := []guest.Mount{
		{Device: "/dev/my-vg/root", Path: "/", FSType: "ext4"},
		{Device: "/dev/sdb1", Path: "/srv", FSType: data},
		{Device: "/dev/sda2", Path: "/boot", FSType: "ext4"},
	}
	if len(mounts) > 3 {
		if diff := cmp.Diff(wantMounts, mounts[:3]); diff != "" {
			t.Errorf("mounts (-want +got):\n%s", diff)
		}
	}
	var points []string
	for _, mount := range mounts {
		points = append(points, mount.Path)
	}
	if diff := cmp.Diff([]string{"/", "/srv", "/boot", "/secret", "/boot/efi"}, points); diff != "" {
		t.Errorf("mount points (-want +got):\n%s", diff)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0].Message, "/dev/sdc1") {
		t.Errorf("warnings %q", warnings)
	}

	t.Run("files", func(t *testing.T) {
		defer timed(t, "files")()
		guesttest.TestFS(t, s, "/tmp/work")
	})
	t.Run("files of the EFI system partition", func(t *testing.T) {
		for _, content := range []string{"one", "two"} {
			if err := s.WriteFile("/boot/efi/startup.nsh", []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if data, err := s.ReadFile("/boot/efi/startup.nsh"); err != nil || string(data) != "two" {
			t.Errorf("%q, %v", data, err)
		}
	})
	t.Run("extended attributes", func(t *testing.T) { testExtendedAttributes(t, s) })
	t.Run("programs", func(t *testing.T) { testPrograms(t, s) })
	t.Run("trim", func(t *testing.T) { testTrim(t, s, drives[0]) })
	t.Run("made mount points", func(t *testing.T) { testMadePoints(t, s, systems[0].Root) })
	t.Run("check", func(t *testing.T) { testCheck(t, s) })

	done = timed(t, "close")
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	done()
	if err := s.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
	if _, err := s.ReadFile("/etc/fstab"); !errors.Is(err, errClosed) {
		t.Errorf("a call after close: %v", err)
	}
	nothingLeft(t, dir)
}

// testSpared: the appliance has no drivers to wait for, and knows the time all the same.
func testSpared(t *testing.T, s *Session) {
	var answer string
	before := time.Now()
	err := s.call("ask", "", func(g *guestfs.Guestfs) (err error) {
		answer, err = g.Debug("sh", []string{"ls /sys/class/rtc; cut -d' ' -f1 /proc/modules; date +%s"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(answer)
	for _, word := range words {
		if word == "rtc0" || word == "libata" || word == "ata_piix" || word == "ahci" {
			t.Errorf("the appliance has %s", word)
		}
	}
	seconds, err := strconv.ParseInt(words[len(words)-1], 10, 64)
	if off := time.Unix(seconds, 0).Sub(before).Abs(); err != nil || off > 30*time.Second {
		t.Errorf("the appliance's clock is off by %s: %v", off, err)
	}
}

func testOpenLUKS(t *testing.T, s *Session) {
	defer timed(t, "keys")()
	for name, key := range map[string]guest.Key{
		"wrong":         {Device: "/dev/sdb2", Passphrase: "wr0ng"},
		"no such disk":  {Device: "UUID=0000", Passphrase: "wr0ng"},
		"not encrypted": {Device: "/dev/sdb1", Passphrase: "wr0ng"},
	} {
		err := s.OpenLUKS([]guest.Key{key})
		if err == nil || !strings.Contains(err.Error(), key.Device) && !strings.Contains(err.Error(), "/dev/sdb") {
			t.Errorf("%s: error %v", name, err)
		} else if strings.Contains(err.Error(), key.Passphrase) {
			t.Errorf("%s: the error tells the key: %v", name, err)
		}
	}
	devices, err := s.Devices()
	if err != nil {
		t.Fatal(err)
	}
	if locked := devices.Locked(); len(locked) != 1 || locked[0].Name != "/dev/sdb2" {
		t.Errorf("locked: %+v", locked)
	}
	if err := s.OpenLUKS([]guest.Key{{Passphrase: "wr0ng"}, {Passphrase: testPassphrase}}); err != nil {
		t.Fatal(err)
	}
}

func testExtendedAttributes(t *testing.T, s *Session) {
	const label = "system_u:object_r:etc_t:s0\x00"
	set := func(g *guestfs.Guestfs) error { return g.Setxattr("security.selinux", label, len(label), "/etc/fstab") }
	if err := s.call("label", "/etc/fstab", set); err != nil {
		t.Skip("the appliance sets no labels: ", err)
	}
	if err := s.WriteFile("/etc/fstab", []byte(testFstab), 0o600); err != nil {
		t.Fatal(err)
	}
	var got string
	if err := s.call("read the label of", "/etc/fstab", func(g *guestfs.Guestfs) error {
		value, err := g.Getxattr("/etc/fstab", "security.selinux")
		got = string(value)
		return err
	}); err != nil || got != label {
		t.Errorf("the label is %q after a write, %v", got, err)
	}
}

func testPrograms(t *testing.T, s *Session) {
	defer timed(t, "five programs")()
	if out, err := s.Run("/bin/cat", "/etc/hostname"); err != nil || out != "web1\n" {
		t.Errorf("cat: %q, %v", out, err)
	}
	_, err := s.Run("/bin/sh", "-c", "echo loud and clear >&2; exit 3")
	if err == nil || !strings.Contains(err.Error(), "run /bin/sh in the guest: loud and clear") {
		t.Errorf("a program that fails: %v", err)
	}
	if _, err := s.Run("/bin/none"); err == nil || !strings.Contains(err.Error(), "/bin/none") {
		t.Errorf("a program that is not there: %v", err)
	}
	secret := bytes.Repeat([]byte("$6$salt$hash\x00\n"), 10000)
	out, err := s.RunInput(secret, "/bin/sh", "-c", `cat >/tmp/copy; echo "$1"`, "sh", "a 'b' $c")
	if err != nil || !strings.HasSuffix(out, "a 'b' $c\n") {
		t.Errorf("program with input: %q, %v", out, err)
	}
	if copied, err := s.ReadFile("/tmp/copy"); err != nil || !bytes.Equal(copied, secret) {
		t.Errorf("the input came as %d bytes, %v", len(copied), err)
	}
	if out, err := s.Run("/bin/ls", "-A", "/dev"); err != nil || strings.Contains(out, ".input") || !strings.Contains(out, "null") {
		t.Errorf("the appliance's /dev after it: %q, %v", out, err)
	}
	if names, err := s.ReadDir("/dev"); err != nil || len(names) > 0 {
		t.Errorf("left in the guest's /dev: %v, %v", names, err)
	}
	if _, err := s.Run(); !errors.Is(err, guest.ErrNoCommand) {
		t.Errorf("no program: %v", err)
	}
}

func testTrim(t *testing.T, s *Session, drive Drive) {
	if err := s.Upload("/garbage", bytes.NewReader(bytes.Repeat([]byte("garbage!"), 100<<20/8)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.call("sync", "", (*guestfs.Guestfs).Sync); err != nil {
		t.Fatal(err)
	}
	before := allocated(t, drive)
	if err := s.Remove("/garbage"); err != nil {
		t.Fatal(err)
	}
	done := timed(t, "trim")
	failures, err := s.Trim()
	done()
	if err != nil {
		t.Fatal(err)
	}
	for _, failure := range failures {
		if !strings.Contains(failure.Error(), "/dev/mapper/luks-") {
			t.Errorf("trim: %v", failure)
		}
	}
	after := allocated(t, drive)
	t.Logf("allocated: %d MiB before, %d MiB after", before>>20, after>>20)
	if before-after < 90<<20 {
		t.Errorf("trim freed %d bytes of 100 MiB", before-after)
	}
}

// testMadePoints: once it is unmounted, the guest is without the mount point that it
// did not have, and has those that it had.
func testMadePoints(t *testing.T, s *Session, root string) {
	if err := s.call("mount", root, func(g *guestfs.Guestfs) error { return g.Mount_ro(root, "/") }); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{"/srv": fs.ErrNotExist, "/secret": nil, "/boot": nil} {
		if _, err := s.Stat(name); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	if err := s.Unmount(); err != nil {
		t.Fatal(err)
	}
}

func allocated(t *testing.T, drive Drive) int64 {
	t.Helper()
	out, err := exec.Command("du", "--block-size=1", drive.Path).Output()
	if err != nil {
		t.Fatal(err)
	}
	var size int64
	if _, err := fmt.Sscan(string(out), &size); err != nil {
		t.Fatal(err)
	}
	return size
}

func testCheck(t *testing.T, s *Session) {
	devices, err := s.Devices()
	if err != nil {
		t.Fatal(err)
	}
	done := timed(t, "check")
	for _, device := range devices {
		if err := s.CheckFilesystem(device); err != nil && !errors.Is(err, ErrNotChecked) {
			t.Errorf("%s is sound: %v", device.Name, err)
		} else if _, ok := checkers[device.FSType]; ok && err != nil {
			t.Errorf("%s: %v", device.Name, err)
		}
	}
	done()
	boot, _ := devices.Resolve("/dev/sda2")
	// The root directory's inode becomes free in the bitmap.
	if err := s.call("damage", boot.Name, func(g *guestfs.Guestfs) error {
		_, err := g.Debug("sh", []string{
			"debugfs -w -R 'freei <2>' $(blkid -U " + boot.UUID + ")",
		})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.CheckFilesystem(boot); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "/dev/sda2") {
		t.Errorf("a damaged file system: %v", err)
	} else {
		t.Log(err)
	}
}

// nothingLeft fails when a process or a file of the run is still there.
func nothingLeft(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left in the temporary directory: %v, %v", left, err)
	}
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		if cmdline, _ := os.ReadFile(file); bytes.Contains(cmdline, []byte(dir)) {
			t.Errorf("still running: %s: %s", file, bytes.ReplaceAll(cmdline, []byte{0}, []byte{' '}))
		}
	}
}

func TestAccCancelLaunch(t *testing.T) {
	needAppliance(t)
	drive := newImage(t, "10M")
	for _, after := range []time.Duration{0, 100 * time.Millisecond, 2 * time.Second} {
		t.Run(after.String(), func(t *testing.T) {
			dir := t.TempDir()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			timer := time.AfterFunc(after, cancel)
			defer timer.Stop()
			start := time.Now()
			_, err := Open(ctx, []Drive{drive}, Options{TempDir: dir, Acceleration: AccelTCG})
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("error %v", err)
			}
			t.Logf("returned %s after the cancel", time.Since(start)-after)
			if took := time.Since(start); took > after+3*time.Second {
				t.Errorf("the cancel took %s", took-after)
			}
			nothingLeft(t, dir)
		})
	}
}

func TestAccCancelCall(t *testing.T) {
	needAppliance(t)
	drive := newImage(t, "300M")
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s, err := Open(ctx, []Drive{drive}, Options{TempDir: dir, Acceleration: AccelTCG})
	if err != nil {
		t.Fatal(err)
	}
	entered := make(chan struct{})
	result := make(chan error, 1)
	go func() {
		result <- s.call("sleep", "", func(g *guestfs.Guestfs) error {
			close(entered)
			_, err := g.Debug("sh", []string{"sleep 1000"})
			return err
		})
	}()
	<-entered
	start := time.Now()
	time.AfterFunc(500*time.Millisecond, cancel)
	if err := <-result; !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "sleep: ") {
		t.Errorf("error %v", err)
	}
	t.Logf("returned %s after the cancel", time.Since(start)-500*time.Millisecond)
	if _, err := s.ReadFile("/x"); !errors.Is(err, context.Canceled) {
		t.Errorf("a later call: %v", err)
	}
	if failures, err := s.Trim(); err != nil || len(failures) != 1 || !errors.Is(failures[0], context.Canceled) {
		t.Errorf("a later trim: %v", failures)
	}
	if err := s.Close(); !errors.Is(err, context.Canceled) {
		t.Errorf("close says that the disks are complete: %v", err)
	}
	nothingLeft(t, dir)
}

// TestAccFullHost: a host without room for what is written is an error, and no wait.
func TestAccFullHost(t *testing.T) {
	t.Parallel()
	needAppliance(t)
	directory := testmount.Tmpfs(t, "size=24m")
	drive := Drive{Path: filepath.Join(directory, "disk.qcow2"), Format: "qcow2"}
	if out, err := exec.Command("qemu-img", "create", "-q", "-f", "qcow2", drive.Path, "300M").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s, err := Open(t.Context(), []Drive{drive}, Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.call("build", "", func(g *guestfs.Guestfs) error {
		return errors.Join(g.Mkfs("ext4", "/dev/sda", nil), g.Mount("/dev/sda", "/"))
	}); err != nil {
		t.Fatal(err)
	}
	done := timed(t, "write")
	written := s.Upload("/large", bytes.NewReader(bytes.Repeat([]byte("text that takes room\n"), 5<<20)), 0o600)
	closed := s.Close()
	done()
	t.Logf("written: %v; closed: %v", written, closed)
	if closed == nil || !strings.Contains(closed.Error(), "the host has no space left in "+directory) {
		t.Errorf("close: %v", closed)
	}
}

func TestAccOpenErrors(t *testing.T) {
	needAppliance(t)
	tests := map[string]struct {
		drives  []Drive
		options Options
		want    string
	}{
		"no disk":      {nil, Options{}, "no disk was given"},
		"missing disk": {[]Drive{{Path: "/nonexistent/disk.qcow2", Format: "qcow2"}}, Options{}, "/nonexistent/disk.qcow2"},
		"acceleration": {[]Drive{newImage(t, "1M")}, Options{Acceleration: "hvf"}, `"hvf" is not one of auto, kvm, tcg`},
		"temp dir":     {[]Drive{newImage(t, "1M")}, Options{TempDir: "/nonexistent"}, "/nonexistent"},
	}
	for name, test := range tests {
		if _, err := Open(t.Context(), test.drives, test.options); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q", name, err, test.want)
		}
	}
}
