package fix

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/cavaliergopher/cpio"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// cpioOf is a gzip-compressed archive of the files.
func cpioOf(t *testing.T, files map[string]string) string {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := cpio.NewWriter(z)
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		content := files[name]
		if err := w.WriteHeader(&cpio.Header{Name: name, Mode: cpio.TypeReg | 0o644, Size: int64(len(content)), Links: 1}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// treeOf writes a guest's files into a directory. A content that starts with
// "-> " makes a symbolic link.
func treeOf(t *testing.T, files ...map[string]string) *guest.Tree {
	t.Helper()
	dir := t.TempDir()
	for _, set := range files {
		for name, content := range set {
			name = filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			var err error
			if target, ok := strings.CutPrefix(content, "-> "); ok {
				err = os.Symlink(target, name)
			} else {
				err = os.WriteFile(name, []byte(content), 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return guest.NewTree(dir)
}

// kernelFiles is a kernel with its modules. builtin drivers have no module.
func kernelFiles(version string, builtin ...string) map[string]string {
	root := "/lib/modules/" + version + "/"
	files := map[string]string{
		"/boot/vmlinuz-" + version: "kernel",
		root + "modules.builtin":   "",
		root + "modules.alias":     "alias virtio:d00000002v* virtio_blk\n",
		root + "modules.symbols":   "",
	}
	dep := ""
	for _, m := range []struct{ name, on string }{
		{"virtio", ""},
		{"virtio_pci", "virtio"},
		{"virtio_blk", "virtio"},
		{"virtio_scsi", "virtio"},
		{"virtio_net", "virtio"},
		{"sd_mod", ""},
		{"ext4", ""},
	} {
		file := "kernel/" + m.name + ".ko"
		if slices.Contains(builtin, m.name) {
			files[root+"modules.builtin"] += file + "\n"
			continue
		}
		dep += file + ":"
		if m.on != "" && !slices.Contains(builtin, m.on) {
			dep += " kernel/" + m.on + ".ko"
		}
		dep += "\n"
		files[root+file] = m.name
	}
	files[root+"modules.dep"] = dep
	return files
}

func debianImage(t *testing.T, version string, more map[string]string, modules ...string) string {
	files := map[string]string{"conf/initramfs.conf": "MODULES=dep\n", "conf/modules": ""}
	for name, content := range more {
		files[name] = content
	}
	dep := ""
	for _, m := range modules {
		files["usr/lib/modules/"+version+"/kernel/"+m+".ko"] = m
		dep += "kernel/" + m + ".ko:\n"
	}
	files["usr/lib/modules/"+version+"/modules.dep"] = dep
	return cpioOf(t, files)
}

var initramfsDevices = guest.Devices{
	{Name: "/dev/sda", Kind: guest.KindDisk},
	{Name: "/dev/sda1", Kind: guest.KindPartition, Partition: 1, FSType: "ext4", UUID: "11111111-1111"},
	{Name: "/dev/sda2", Kind: guest.KindPartition, Partition: 2, FSType: "swap", UUID: "22222222-2222"},
}

func runInitramfs(t *testing.T, tree guest.FS, runner guest.Runner) *run {
	t.Helper()
	r, err := runInitramfsMode(t, tree, runner, InitramfsAuto)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func runInitramfsMode(t *testing.T, tree guest.FS, runner guest.Runner, mode string) (*run, error) {
	t.Helper()
	target := Target{
		FS: tree, Runner: runner, Devices: initramfsDevices,
		Mounts: []guest.Mount{{Device: "/dev/sda1", Path: "/", FSType: "ext4"}},
	}
	if full, ok := tree.(fullFS); ok {
		target.Space = func(string) (guest.Space, error) { return guest.Space{Free: full.free}, nil }
	}
	r := newRun(target, Options{RegenInitramfs: true, Initramfs: mode})
	return r, fixInitramfs(context.Background(), r)
}

const version = "6.1.0-18-amd64"

func TestInitramfsExtended(t *testing.T) {
	t.Parallel()
	tree := treeOf(t, kernelFiles(version), map[string]string{
		"/boot/initrd.img-" + version:              debianImage(t, version, nil, "sd_mod", "ext4"),
		"/etc/initramfs-tools/initramfs.conf":      "# comment\nMODULES=most\n",
		"/etc/initramfs-tools/conf.d/driver-level": "MODULES=\"dep\"\n",
		"/etc/initramfs-tools/modules":             "# mine\nloop",
	})
	r := runInitramfs(t, tree, nil)
	want := []Kernel{{
		Version: version, Image: "/boot/vmlinuz-" + version, Initramfs: "/boot/initrd.img-" + version,
		Generator: "initramfs-tools", Default: true,
		Virtio: map[string]string{
			"virtio_pci": "initramfs", "virtio_blk": "initramfs", "virtio_scsi": "initramfs", "virtio_net": "module",
		},
		BootsFrom: "virtio-blk", NICModel: "virtio",
		Action: "extended", Reason: "append the modules virtio, virtio_pci, virtio_blk, virtio_scsi",
	}}
	if diff := cmp.Diff(want, r.result.Kernels); diff != "" {
		t.Error(diff)
	}
	if len(r.warnings) > 0 {
		t.Errorf("warnings: %v", r.warnings)
	}
	if r.result.DiskBus != "virtio" || r.result.NICModel != "virtio" {
		t.Errorf("it is to be given %q and %q", r.result.DiskBus, r.result.NICModel)
	}
	image, err := r.readInitramfs("/boot/initrd.img-" + version)
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := image.Text("conf/modules"); text != "virtio_pci\nvirtio_blk\nvirtio_scsi\n" {
		t.Errorf("conf/modules in the image is %q", text)
	}
	modules, err := tree.ReadFile("/etc/initramfs-tools/modules")
	if err != nil || string(modules) != "# mine\nloop\nvirtio_pci\nvirtio_blk\nvirtio_scsi\n" {
		t.Errorf("/etc/initramfs-tools/modules is %q, %v", modules, err)
	}

	again := runInitramfs(t, tree, nil)
	if len(again.result.Changes) > 0 || again.result.Kernels[0].Action != "kept" {
		t.Errorf("second run: %+v", again.result)
	}
}

func TestInitramfsKept(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]map[string]string{
		"drivers in the image": {"/boot/initrd.img-" + version: debianImage(t, version, nil,
			"virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "ext4")},
	} {
		r := runInitramfs(t, treeOf(t, kernelFiles(version), files), nil)
		if r.result.Kernels[0].Action != "kept" || len(r.result.Changes) > 0 || len(r.warnings) > 0 {
			t.Errorf("%s: %+v, %v", name, r.result, r.warnings)
		}
	}
	r := runInitramfs(t, treeOf(t,
		kernelFiles(version, "virtio", "virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "ext4"),
		map[string]string{"/boot/initramfs-" + version + ".img": cpioOf(t, map[string]string{"usr/lib/dracut/hostonly-files": ""})},
	), nil)
	k := r.result.Kernels[0]
	if k.Action != "kept" || k.Virtio["virtio_blk"] != "built-in" || k.Generator != "dracut" {
		t.Errorf("built-in drivers: %+v", k)
	}
}

func TestInitramfsStaleNames(t *testing.T) {
	t.Parallel()
	tree := treeOf(t, kernelFiles(version), map[string]string{
		"/boot/initrd.img-" + version: debianImage(t, version, map[string]string{
			"conf/conf.d/resume":             "RESUME=/dev/sda2\n",
			"conf/conf.d/old":                "RESUME=UUID=99999999-9999\n",
			"cryptroot/crypttab":             "root /dev/sda1 none luks\n",
			"etc/lvm/lvmlocal.conf":          "# nothing\n",
			"etc/lvm/devices/system.devices": "IDTYPE=sys_wwid IDNAME=naa.6000c29 DEVNAME=/dev/sda2 PVID=x\n",
		}, "virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "ext4"),
	})
	r := runInitramfs(t, tree, nil)
	if k := r.result.Kernels[0]; k.Action != "extended" {
		t.Fatalf("%+v", k)
	}
	image, err := r.readInitramfs("/boot/initrd.img-" + version)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"conf/conf.d/resume":    "RESUME=UUID=22222222-2222\n",
		"conf/conf.d/old":       "",
		"cryptroot/crypttab":    "root UUID=11111111-1111 none luks\n",
		"etc/lvm/lvmlocal.conf": "# nothing\ndevices {\n\tuse_devicesfile = 0\n}\n",
	} {
		if got, _ := image.Text(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if again := runInitramfs(t, tree, nil); len(again.result.Changes) > 0 {
		t.Errorf("second run changes %+v", again.result.Changes)
	}
}

func TestInitramfsRebuilt(t *testing.T) {
	t.Parallel()
	hook := `usr/lib/dracut/hooks/initqueue/finished/devexists-\x2fdev\x2fdisk\x2fby-path\x2fpci-0000:03:00.0-scsi-0:0:0:0-part2.sh`
	name := "/boot/initramfs-" + version + ".img"
	tree := treeOf(t, kernelFiles(version), map[string]string{name: cpioOf(t, map[string]string{hook: ""})})
	drivers := "virtio_pci virtio_blk virtio_scsi sd_mod virtio_net"
	good := func([]byte) error {
		files := map[string]string{"usr/lib/dracut/x": ""}
		for _, m := range strings.Fields(drivers) {
			files["usr/lib/modules/"+version+"/"+m+".ko"] = m
		}
		return tree.WriteFile(name, []byte(cpioOf(t, files)), 0o600)
	}
	first := strings.Join([]string{"dracut --force --add-drivers", drivers, name, version}, " ")
	second := strings.Join([]string{"dracut --force --no-hostonly --add-drivers", drivers, name, version}, " ")
	for title, test := range map[string]struct {
		answers map[string]guest.FakeAnswer
		action  string
		calls   int
		warned  bool
	}{
		"first choice":  {map[string]guest.FakeAnswer{first: {Do: good}}, "rebuilt", 1, false},
		"second choice": {map[string]guest.FakeAnswer{first: {}, second: {Do: good}}, "rebuilt", 2, false},
		"no help":       {map[string]guest.FakeAnswer{first: {}, second: {Err: errors.New("no space")}}, "none", 2, true},
	} {
		t.Run(title, func(t *testing.T) {
			if err := tree.WriteFile(name, []byte(cpioOf(t, map[string]string{hook: ""})), 0o600); err != nil {
				t.Fatal(err)
			}
			runner := &guest.FakeRunner{Answers: test.answers}
			r := runInitramfs(t, tree, runner)
			k := r.result.Kernels[0]
			if k.Action != test.action || len(runner.Calls()) != test.calls || len(r.warnings) > 0 != test.warned {
				t.Errorf("%+v, calls %v, warnings %v", k, runner.Calls(), r.warnings)
			}
			if conf, err := tree.ReadFile(dracutDrivers); err != nil || !strings.Contains(string(conf), "virtio_blk") {
				t.Errorf("%s: %q, %v", dracutDrivers, conf, err)
			}
		})
	}
	r := runInitramfs(t, treeOf(t, kernelFiles(version), map[string]string{name: "garbage", "/usr/bin/dracut": ""}), nil)
	if k := r.result.Kernels[0]; k.Action != "none" || len(r.warnings) == 0 {
		t.Errorf("unreadable image: %+v, %v", k, r.warnings)
	}
}

// fullFS has no room for another copy of a file.
type fullFS struct {
	guest.FS
	free int64 // bytes
}

func (fullFS) Upload(string, io.Reader, fs.FileMode) error { return syscall.ENOSPC }

func TestInitramfsFullBoot(t *testing.T) {
	t.Parallel()
	name := "/boot/initrd.img-" + version
	noise := make([]byte, 200<<10) // cannot be compressed
	for i, random := 0, rand.New(rand.NewPCG(1, 2)); i < len(noise); i++ {
		noise[i] = byte(random.Uint32())
	}
	tree := treeOf(t, kernelFiles(version), map[string]string{
		name: debianImage(t, version, map[string]string{"bin/noise": string(noise)}, "sd_mod", "ext4"),
	})
	r := runInitramfs(t, fullFS{tree, 4096}, &guest.FakeRunner{})
	if k := r.result.Kernels[0]; k.Action != "none" || !strings.Contains(k.Reason, "4096 bytes free") || len(r.warnings) == 0 {
		t.Errorf("full file system: %+v", k)
	}
	// The drivers are there, but not where the kernel needs them.
	if r.result.DiskBus != "sata" || r.result.NICModel != "virtio" {
		t.Errorf("it is to be given %q and %q", r.result.DiskBus, r.result.NICModel)
	}
	info, err := tree.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	// Room for the addition alone: it is added to the file where it lies.
	runner := &guest.FakeRunner{Answers: map[string]guest.FakeAnswer{
		"dd of=" + name + " oflag=append conv=notrunc,fsync": {Do: func(input []byte) error {
			data, err := tree.ReadFile(name)
			if err != nil {
				return err
			}
			return tree.WriteFile(name, append(data, input...), info.Mode)
		}},
	}}
	if k := runInitramfs(t, fullFS{tree, 1<<20 + 100<<10}, runner).result.Kernels[0]; k.Action != "extended" || len(runner.Calls()) != 1 {
		t.Errorf("little room: %+v, %d commands", k, len(runner.Calls()))
	}
}

func TestInitramfsWithoutVirtio(t *testing.T) {
	t.Parallel()
	old := "2.6.18-8.el5"
	files := kernelFiles(old)
	root := "/lib/modules/" + old + "/"
	files[root+"modules.dep"] = "kernel/sd_mod.ko:\nkernel/ext4.ko:\nkernel/e1000.ko:\n"
	r := runInitramfs(t, treeOf(t, files, map[string]string{
		"/boot/initrd-" + old + ".img": cpioOf(t, map[string]string{
			"lib/modules/" + old + "/sd_mod.ko": "", "lib/modules/" + old + "/ext4.ko": "", "init": "",
		}),
	}), nil)
	if k := r.result.Kernels[0]; k.Virtio["virtio_blk"] != "missing" {
		t.Errorf("%+v", k)
	}
	if r.result.DiskBus != "sata" || r.result.NICModel != "e1000" {
		t.Errorf("it is to be given %q and %q", r.result.DiskBus, r.result.NICModel)
	}
	if len(r.warnings) < 2 || !strings.Contains(r.warnings[0].Remedy, "SATA") || !strings.Contains(r.warnings[0].Message, "default kernel") {
		t.Errorf("warnings: %+v", r.warnings)
	}
}

func TestKernels(t *testing.T) {
	t.Parallel()
	tree := treeOf(t, map[string]string{
		"/boot/vmlinuz-5.9.0-1":                   "k",
		"/boot/vmlinuz-5.14.0-2":                  "k",
		"/boot/vmlinuz-0-rescue-abc":              "k",
		"/boot/vmlinuz-5.14.0-2.old":              "k",
		"/boot/vmlinuz-linux":                     "k",
		"/boot/initrd.img-5.9.0-1":                "i",
		"/boot/initramfs-5.14.0-2.img":            "i",
		"/boot/initramfs-5.14.0-2kdump.img":       "i",
		"/boot/initramfs-linux.img":               "i",
		"/lib/modules/5.9.0-1/x":                  "",
		"/lib/modules/5.14.0-2/x":                 "",
		"/lib/modules/6.7.1-arch1-1/pkgbase":      "linux\n",
		"/boot/loader/entries/m-5.14.0-2.conf":    "title x\nversion 5.14.0-2\nlinux /vmlinuz-5.14.0-2\ninitrd /initramfs-5.14.0-2.img $tuned_initrd\n",
		"/boot/efi/loader/entries/m-5.9.0-1.conf": "linux /m/5.9.0-1/linux\ninitrd /intel-ucode.img\ninitrd /m/5.9.0-1/initrd.img-5.9.0-1\n",
		"/boot/efi/loader/entries/m-rescue.conf":  "linux /m/5.9.0-1/linux\n",
		"/boot/efi/m/5.9.0-1/linux":               "k",
		"/boot/efi/m/5.9.0-1/initrd.img-5.9.0-1":  "i",
	})
	r := newRun(Target{FS: tree}, Options{})
	got, err := r.kernels()
	if err != nil {
		t.Fatal(err)
	}
	want := []bootKernel{
		{"6.7.1-arch1-1", "/boot/vmlinuz-linux", "/boot/initramfs-linux.img", ""},
		{"5.14.0-2", "/boot/vmlinuz-5.14.0-2", "/boot/initramfs-5.14.0-2.img", "m-5.14.0-2"},
		{"5.9.0-1", "/boot/vmlinuz-5.9.0-1", "/boot/initrd.img-5.9.0-1", ""},
		{"5.9.0-1", "/boot/efi/m/5.9.0-1/linux", "/boot/efi/m/5.9.0-1/initrd.img-5.9.0-1", "m-5.9.0-1"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(bootKernel{})); diff != "" {
		t.Error(diff)
	}
}

func TestCompareVersions(t *testing.T) {
	t.Parallel()
	sorted := []string{
		"2.6.32-754.el6.x86_64", "4.18.0-80.el8.x86_64", "4.18.0-305.el8.x86_64", "5.9.0-1-amd64",
		"5.14.0-70.el9", "6.1.0-rc1", "6.1.0", "6.1.0-9-amd64", "6.1.0-18-amd64", "6.12.0",
	}
	for i := range sorted {
		for j := range sorted {
			got := compareVersions(sorted[i], sorted[j])
			if got < 0 != (i < j) || got > 0 != (i > j) {
				t.Errorf("%s against %s: %d", sorted[i], sorted[j], got)
			}
		}
	}
}

func TestDefaultKernel(t *testing.T) {
	t.Parallel()
	kernels := []bootKernel{
		{version: "6.1.0-18", image: "/boot/vmlinuz-6.1.0-18", entry: "m-6.1.0-18"},
		{version: "6.1.0-9", image: "/boot/vmlinuz-6.1.0-9", entry: "m-6.1.0-9"},
	}
	menu := `if [ "${next_entry}" ] ; then
   set default="${next_entry}"
else
   set default="@"
fi
function savedefault {
  if [ -z "${boot_once}" ]; then saved_entry="${chosen}"; fi
}
menuentry 'Debian' --class debian $menuentry_id_option 'gnulinux-simple-u' {
	if [ x$grub_platform = xxen ]; then insmod xzio; fi
	linux /boot/vmlinuz-6.1.0-18 root=UUID=u ro
}
submenu 'Advanced options' $menuentry_id_option 'gnulinux-advanced-u' {
	menuentry 'Debian, with Linux 6.1.0-18' $menuentry_id_option 'gnulinux-6.1.0-18-advanced-u' {
		linux /boot/vmlinuz-6.1.0-18 root=UUID=u
	}
	menuentry 'Debian, with Linux 6.1.0-9' $menuentry_id_option 'gnulinux-6.1.0-9-advanced-u' {
		linux /boot/vmlinuz-6.1.0-9 root=UUID=u
	}
}
`
	with := func(value string) map[string]string {
		return map[string]string{"/boot/grub/grub.cfg": strings.Replace(menu, "@", value, 1)}
	}
	environment := func(saved string) map[string]string {
		return map[string]string{"/boot/grub/grubenv": "# GRUB Environment Block\nsaved_entry=" + saved + "\n####"}
	}
	blscfg := map[string]string{"/boot/grub2/grub.cfg": "set default=\"${saved_entry}\"\ninsmod blscfg\nblscfg\n"}
	for name, test := range map[string]struct {
		files []map[string]string
		want  int
	}{
		"no loader":      {nil, 0},
		"first":          {[]map[string]string{with("0")}, 0},
		"path":           {[]map[string]string{with("1>1")}, 1},
		"ids":            {[]map[string]string{with("gnulinux-advanced-u>gnulinux-6.1.0-9-advanced-u")}, 1},
		"titles":         {[]map[string]string{with("Advanced options>Debian, with Linux 6.1.0-9")}, 1},
		"submenu":        {[]map[string]string{with("1")}, 0},
		"saved":          {[]map[string]string{with("${saved_entry}"), environment("1>1")}, 1},
		"nothing saved":  {[]map[string]string{with("${saved_entry}")}, 0},
		"bls":            {[]map[string]string{blscfg, environment("m-6.1.0-9")}, 1},
		"bls, none":      {[]map[string]string{blscfg}, 0},
		"systemd-boot":   {[]map[string]string{{"/boot/efi/loader/loader.conf": "timeout 3\ndefault m-6.1.0-9*\n"}}, 1},
		"systemd-boot 2": {[]map[string]string{{"/boot/efi/loader/loader.conf": "default x*\n"}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := newRun(Target{FS: treeOf(t, test.files...)}, Options{}).defaultKernel(kernels)
			if err != nil || got != test.want {
				t.Errorf("%d, %v, want %d", got, err, test.want)
			}
		})
	}
}

func TestInitramfsNoKernel(t *testing.T) {
	t.Parallel()
	r := runInitramfs(t, treeOf(t, map[string]string{"/etc/fstab": ""}), nil)
	if len(r.warnings) != 1 || len(r.result.Kernels) > 0 {
		t.Errorf("%+v, %+v", r.warnings, r.result)
	}
	if _, err := r.fs.Stat("/etc/dracut.conf.d"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("configuration was written for a guest without kernel")
	}
}

func TestRebuildCommands(t *testing.T) {
	t.Parallel()
	for tool, want := range map[string]string{
		"/usr/sbin/update-initramfs": "update-initramfs -u -k " + version,
		"/usr/bin/dracut":            "dracut --force --add-drivers virtio_pci virtio_blk virtio_scsi sd_mod virtio_net /boot/initrd.img-" + version + " " + version,
		"/usr/bin/mkinitcpio":        "mkinitcpio -S autodetect -k " + version + " -g /boot/initrd.img-" + version,
		"/usr/bin/booster":           "booster build --force --universal --kernel-version " + version + " /boot/initrd.img-" + version,
		"/sbin/mkinitrd":             "mkinitrd -k vmlinuz-" + version + " -i initrd.img-" + version + " -m virtio_pci virtio_blk virtio_scsi sd_mod virtio_net",
	} {
		name := "/boot/initrd.img-" + version
		tree := treeOf(t, kernelFiles(version), map[string]string{name: "cannot be read", tool: ""})
		good := debianImage(t, version, nil, "virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "ext4")
		runner := &guest.FakeRunner{Answers: map[string]guest.FakeAnswer{want: {Do: func([]byte) error {
			return tree.WriteFile(name, []byte(good), 0o600)
		}}}}
		r := runInitramfs(t, tree, runner)
		if k := r.result.Kernels[0]; k.Action != "rebuilt" || len(r.warnings) > 0 {
			t.Errorf("%s: %+v, %v, commands %v", tool, k, r.warnings, runner.Calls())
		}
	}
}

// TestRebuildOfEncryptedRoot: a tool that does not see what the root file
// system lies on makes an image that cannot open it.
func TestRebuildOfEncryptedRoot(t *testing.T) {
	t.Parallel()
	name := "/boot/initrd.img-" + version
	command := "update-initramfs -u -k " + version
	const table = "# <target> <source> <key> <options>\nsda5_crypt UUID=luks none luks,discard\n"
	virtio := []string{"virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "ext4"}
	for title, test := range map[string]struct {
		made   map[string]string
		action string
		warned string
	}{
		"opens it":   {map[string]string{"usr/sbin/cryptsetup": "", "cryptroot/crypttab": "sda5_crypt UUID=luks none luks,discard,initramfs\n"}, "rebuilt", ""},
		"no entry":   {map[string]string{"usr/sbin/cryptsetup": ""}, "none", "the entry of the encrypted device sda5_crypt"},
		"no program": {map[string]string{"cryptroot/crypttab": "sda5_crypt UUID=luks none luks\n"}, "none", "still lacks cryptsetup"},
	} {
		tree := treeOf(t, kernelFiles(version), map[string]string{name: "cannot be read", "/usr/sbin/update-initramfs": "", "/etc/crypttab": table})
		runner := &guest.FakeRunner{Answers: map[string]guest.FakeAnswer{command: {Do: func([]byte) error {
			if text, err := tree.ReadFile("/etc/crypttab"); err != nil || !strings.Contains(string(text), "none luks,discard,initramfs\n") {
				t.Errorf("%s: crypttab while the image is built: %s, %v", title, text, err)
			}
			return tree.WriteFile(name, []byte(debianImage(t, version, test.made, virtio...)), 0o600)
		}}}}
		r := newRun(Target{
			FS: tree, Runner: runner, Mounts: []guest.Mount{{Device: "/dev/mapper/luks-1", Path: "/", FSType: "ext4"}},
			Devices: guest.Devices{
				{Name: "/dev/sda5", Kind: guest.KindPartition, Partition: 5, FSType: "crypto_LUKS", UUID: "luks"},
				{Name: "/dev/mapper/luks-1", Kind: guest.KindCrypt, Parent: "/dev/sda5", GuestName: "/dev/mapper/sda5_crypt", FSType: "ext4"},
			},
		}, Options{RegenInitramfs: true})
		if err := fixInitramfs(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		warnings := fmt.Sprint(r.warnings)
		if k := r.result.Kernels[0]; k.Action != test.action || test.warned != "" && !strings.Contains(warnings, test.warned) || test.warned == "" && len(r.warnings) > 0 {
			t.Errorf("%s: %+v, %s", title, k, warnings)
		}
	}
}

func TestMarkCrypttab(t *testing.T) {
	t.Parallel()
	in := "# c\nroot /dev/sda5 none luks\ndata /dev/sdb1 none luks\nswap /dev/sda6 none luks,initramfs\nusr UUID=1\nvar UUID=2 /key\n"
	want := "# c\nroot /dev/sda5 none luks,initramfs\ndata /dev/sdb1 none luks\nswap /dev/sda6 none luks,initramfs\nusr UUID=1 none luks,initramfs\nvar UUID=2 /key luks,initramfs\n"
	targets := []string{"root", "swap", "usr", "var"}
	got := markCrypttab(in, targets)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if again := markCrypttab(got, targets); again != got {
		t.Errorf("a second edit gave %q", again)
	}
}

func TestDriversFromConfiguration(t *testing.T) {
	t.Parallel()
	r := newRun(Target{FS: treeOf(t, map[string]string{
		"/boot/vmlinuz-lts":               "k",
		"/boot/initramfs-lts":             "i",
		"/lib/modules/6.6.8-0-lts/config": "CONFIG_VIRTIO_BLK=y\nCONFIG_VIRTIO_PCI=m\n",
	})}, Options{})
	kernels, err := r.kernels()
	if err != nil {
		t.Fatal(err)
	}
	if len(kernels) != 1 || kernels[0].version != "6.6.8-0-lts" || kernels[0].initramfs != "/boot/initramfs-lts" {
		t.Fatalf("kernels: %+v", kernels)
	}
	d, err := r.driversOf(kernels[0].version)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"virtio_blk": "built-in", "virtio_pci": "module", "virtio_scsi": "missing", "virtio_net": "missing"}
	if diff := cmp.Diff(want, d.virtio(nil)); diff != "" {
		t.Error(diff)
	}
}
