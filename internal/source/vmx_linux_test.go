package source_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// vmx writes a VMX file whose SCSI disks are files, in their order.
func vmx(t *testing.T, dir string, lines string, files ...string) string {
	t.Helper()
	text := ".encoding = \"UTF-8\"\nconfig.version = \"8\"\ndisplayName = \"web\"\nscsi0.present = \"TRUE\"\n" + lines
	for n, file := range files {
		text += fmt.Sprintf("scsi0:%d.present = \"TRUE\"\nscsi0:%d.fileName = %q\n", n, n, file)
	}
	return write(t, filepath.Join(dir, "web.vmx"), []byte(text))
}

// TestVMX opens a machine as ESXi keeps it: two disks, one with snapshots, and
// what else lies in its folder.
func TestVMX(t *testing.T) {
	t.Parallel()
	dir, system, data := t.TempDir(), newDisk(t), newDisk(t)
	newest := filepath.Base(vmdkChain(t, dir, system, 2))
	convert(t, data, "vmdk", filepath.Join(dir, "data.vmdk"))
	write(t, filepath.Join(dir, "web-000003.vmdk"), []byte("a snapshot that was given up"))
	path := vmx(t, dir, "ide1:0.present = \"TRUE\"\nide1:0.deviceType = \"cdrom-image\"\nide1:0.fileName = \"/nowhere/a.iso\"\n",
		newest, "data.vmdk")

	s := open(t, source.Request{Type: source.TypeVMX, Path: path})
	defer s.Close()
	if len(s.Disks) != 2 || s.Machine == nil || s.Machine.Name != "web" || len(s.Machine.CDROMs) != 1 || len(s.Warnings) != 0 {
		t.Fatalf("disks %v, machine %+v, warnings %v", s.Disks, s.Machine, s.Warnings)
	}
	requireSame(t, s.Disks[0], system)
	requireSame(t, s.Disks[1], data)
	var names []string
	for _, file := range s.Files {
		names = append(names, filepath.Base(file.Path))
	}
	if got, want := strings.Join(names, " "), "data.vmdk web-000001.vmdk web-000002.vmdk web.vmdk web.vmx"; got != want {
		t.Errorf("the source consists of %s, want %s", got, want)
	}
}

func TestVMXOfWindows(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	convert(t, newDisk(t), "vmdk", write(t, filepath.Join(dir, "disks", "a.vmdk"), nil))
	s := open(t, source.Request{Type: source.TypeVMX, Path: vmx(t, dir, "", `disks|5Ca.vmdk`)})
	defer s.Close()
	if len(s.Disks) != 1 {
		t.Errorf("disks %v", s.Disks)
	}
}

// TestVMXOfATemplate opens a template whose disks lie in folders of their own, one of
// them a clone, and whose file says things that a person should hear of.
func TestVMXOfATemplate(t *testing.T) {
	t.Parallel()
	dir, datastore, system, data, moved := t.TempDir(), t.TempDir(), newDisk(t), newDisk(t), newDisk(t)
	for _, folder := range []string{dir + "/clones", datastore + "/files"} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(vmdkChain(t, dir+"/clones", system, 1), dir+"/clones/Büro.vmdk"); err != nil {
		t.Fatal(err)
	}
	convert(t, data, "vmdk", dir+"/data.vmdk")
	convert(t, moved, "vmdk", datastore+"/files/moved.vmdk")
	text := ".encoding = \"windows-936\"\nvirtualHW.version = \"19\"\ncleanShutdown = \"FALSE\"\nguestinfo.a/b = \"c\"\n"
	for n, file := range []string{"clones/B\xc3\xbcro.vmdk", "data.vmdk", "/vmfs/volumes/5f3c-a1/files/moved.vmdk"} {
		text += fmt.Sprintf("nvme0:%d.present = \"TRUE\"\nnvme0:%d.fileName = \"%s\"\n", n, n, file)
	}
	path := write(t, filepath.Join(dir, "web.vmtx"), []byte(text))
	request := source.Request{Type: source.TypeVMX, Path: path, Directories: []string{datastore}}

	s := open(t, request)
	defer s.Close()
	if len(s.Disks) != 3 {
		t.Fatalf("disks %v", s.Disks)
	}
	for n, want := range []string{system, data, moved} {
		requireSame(t, s.Disks[n], want)
		if disk := s.Machine.Disks[n]; disk.Snapshot != (n == 0) || disk.Place != fmt.Sprintf("nvme0:%d", n) {
			t.Errorf("%+v", disk)
		}
	}
	if len(s.Warnings) != 1 || s.Warnings[0].ID != report.ConcernOpenDisk || !strings.HasPrefix(s.Warnings[0].Message, "web.vmtx: cleanShutdown is FALSE") {
		t.Errorf("warnings %+v", s.Warnings)
	}
	probed, err := source.Probe(t.Context(), request)
	if err != nil || len(probed.Disks) != 3 || !probed.Machine.Disks[0].Snapshot || probed.Machine.Disks[1].Snapshot || len(probed.Warnings) != 1 {
		t.Errorf("a probe finds %+v, error %v", probed, err)
	}

	request.Directories = nil
	if _, err := source.Open(t.Context(), request); err == nil || !strings.Contains(err.Error(), "nvme0:2: web.vmtx refers to") {
		t.Errorf("without the other directory: %v", err)
	}
	patch(t, path, func(data []byte) []byte { return append(data, "displayName = \"B\xfcro\"\n"...) })
	request.Directories = []string{datastore}
	if _, err := source.Open(t.Context(), request); err == nil || !strings.Contains(err.Error(), "clones/B") {
		t.Errorf("with a name in two encodings: %v", err)
	}
}

func TestVMXIsRefused(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	outside := newCanary(t)
	for name, test := range map[string]struct {
		build func(t *testing.T, dir string) string
		want  string
	}{
		"a disk with an absolute path": {func(t *testing.T, dir string) string { return vmx(t, dir, "", outside.path) }, "outside the source's directory"},
		"a disk above": {func(t *testing.T, dir string) string {
			up, err := filepath.Rel(dir, outside.path)
			if err != nil {
				t.Fatal(err)
			}
			return vmx(t, dir, "", up)
		}, "outside the source's directory"},
		"a disk through a link": {func(t *testing.T, dir string) string {
			if err := os.Symlink(outside.path, filepath.Join(dir, "a.vmdk")); err != nil {
				t.Fatal(err)
			}
			return vmx(t, dir, "", "a.vmdk")
		}, "outside the source's directory"},
		"a disk by a protocol":   {func(t *testing.T, dir string) string { return vmx(t, dir, "", "nbd:127.0.0.1:1") }, "no file name that could be trusted"},
		"a disk of Windows":      {func(t *testing.T, dir string) string { return vmx(t, dir, "", `C:\VMs\a.vmdk`) }, "no file name that could be trusted"},
		"a disk with a control":  {func(t *testing.T, dir string) string { return vmx(t, dir, "", "a|0A.vmdk") }, "no file name that could be trusted"},
		"a disk that is missing": {func(t *testing.T, dir string) string { return vmx(t, dir, "", "a.vmdk") }, "scsi0:0: web.vmx needs a.vmdk, which is missing"},
		"a disk that is itself":  {func(t *testing.T, dir string) string { return vmx(t, dir, "", "web.vmx") }, "web.vmx is a VMX file"},
		"a disk that is none": {func(t *testing.T, dir string) string {
			write(t, dir+"/a.vmdk", outsideText())
			return vmx(t, dir, "", "a.vmdk")
		}, "no disk image of a known format"},
		"a disk with an extent out": {func(t *testing.T, dir string) string {
			write(t, dir+"/a.vmdk", descriptor("monolithicFlat", 1, noParent, fmt.Sprintf(`RW 2048 FLAT "%s" 0`, outside.path)))
			return vmx(t, dir, "", "a.vmdk")
		}, "outside its own directory"},
		"one disk twice": {func(t *testing.T, dir string) string {
			convert(t, newDisk(t), "vmdk", filepath.Join(dir, "a.vmdk"))
			return vmx(t, dir, "", "a.vmdk", "./a.vmdk")
		}, "has one disk, a.vmdk, at two places: scsi0:0 and scsi0:1"},
		"no disk": {func(t *testing.T, dir string) string { return vmx(t, dir, "") }, "without a disk"},
		"raw device": {func(t *testing.T, dir string) string {
			return vmx(t, dir, "scsi0:0.deviceType = \"rawDisk\"\n", "a.vmdk")
		}, "a disk of the old host as it is (scsi0:0)"},
		"a SCSI device": {func(t *testing.T, dir string) string {
			return vmx(t, dir, "scsi0:0.deviceType = \"scsi-passthru\"\n", "/dev/sg0")
		}, "a disk of the old host as it is"},
		"encrypted": {func(t *testing.T, dir string) string {
			return vmx(t, dir, "encryption.keySafe = \"vmware:key\"\n", "a.vmdk")
		}, "is encrypted by VMware"},
		"two values": {func(t *testing.T, dir string) string {
			return vmx(t, dir, "memsize = \"1\"\nmemsize = \"2\"\n", "a.vmdk")
		}, "a second value"},
		"no VMX file":    {func(t *testing.T, dir string) string { return write(t, dir+"/web.vmx", []byte("hello\n")) }, "is no sound VMX file"},
		"a disk image":   {func(t *testing.T, dir string) string { return convert(t, newDisk(t), "vmdk", dir+"/a.vmx") }, "a.vmx is a VMDK image, but source.type says vmx"},
		"a huge file":    {func(t *testing.T, dir string) string { return write(t, dir+"/web.vmx", make([]byte, 2<<20)) }, "no VMX file has more than"},
		"another symbol": {func(t *testing.T, dir string) string { return vmx(t, dir, "a b = \"c\"\n", "a.vmdk") }, "no entry of the form"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := source.Request{Type: source.TypeVMX, Path: test.build(t, t.TempDir()), WorkDir: t.TempDir()}
			_, err := source.Open(t.Context(), request)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("error %v, want %q", err, test.want)
			}
			requireRemedy(t, err)
			if raw := strings.Contains(test.want, "of the old host"); raw != (report.ConcernOf(err) == report.ConcernRDM) {
				t.Errorf("it is of the kind %q", report.ConcernOf(err))
			}
			if _, probed := source.Probe(t.Context(), request); fmt.Sprint(probed) != err.Error() {
				t.Errorf("a probe says %v, want %v", probed, err)
			}
		})
	}
	t.Cleanup(func() {
		if outside.opened(t) {
			t.Error("a file outside of the source was opened")
		}
	})
}

func outsideText() []byte { return []byte(strings.Repeat("no disk\n", 512)) }

// A VMX file that is given as something else is told for what it is.
func TestVMXAsAnotherType(t *testing.T) {
	t.Parallel()
	path := vmx(t, t.TempDir(), "", "a.vmdk")
	for _, kind := range []string{source.TypeVMDK, source.TypeRaw, source.TypeOVF} {
		_, err := source.Open(t.Context(), source.Request{Type: kind, Path: path})
		if err == nil || !strings.Contains(err.Error(), "is a VMX file") {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
