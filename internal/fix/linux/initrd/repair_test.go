package initrd

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/kernel"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

var initramfsDevices = guest.Devices{
	{Name: "/dev/sda", Kind: guest.KindDisk},
	{Name: "/dev/sda1", Kind: guest.KindPartition, Partition: 1, FSType: "ext4", UUID: "11111111-1111"},
	{Name: "/dev/sda2", Kind: guest.KindPartition, Partition: 2, FSType: "swap", UUID: "22222222-2222"},
}

// outcome is what Fix did.
type outcome struct {
	Result
	changes  []report.Change
	warnings []report.Warning
	edit     *edit.Editor
}

func runInitramfs(t *testing.T, tree guest.FS, runner guest.Runner) outcome {
	t.Helper()
	out, err := runInitramfsMode(t, tree, runner, ModeAuto)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func runInitramfsMode(t *testing.T, tree guest.FS, runner guest.Runner, mode string) (outcome, error) {
	t.Helper()
	g := edit.Guest{FS: tree, Runner: runner, Mounts: []guest.Mount{{Device: "/dev/sda1", Path: "/", FSType: "ext4"}}}
	if full, ok := tree.(fullFS); ok {
		g.Space = func(string) (guest.Space, error) { return guest.Space{Free: full.free}, nil }
	}
	return fixImages(t, g, initramfsDevices, mode)
}

func fixImages(t *testing.T, g edit.Guest, devices guest.Devices, mode string) (out outcome, err error) {
	t.Helper()
	out.edit = edittest.New(t, g)
	out.Result, err = Fix(t.Context(), out.edit, devname.New(devices, g.Mounts), Options{Mode: mode})
	out.changes, out.warnings = out.edit.Take()
	return out, err
}

const version = "6.1.0-18-amd64"

func TestInitramfsExtended(t *testing.T) {
	t.Parallel()
	tree := guesttest.New(t, guesttest.KernelFiles(version), map[string]string{
		"/boot/initrd.img-" + version:              guesttest.DebianImage(t, version, nil, "sd_mod", "ext4"),
		"/etc/initramfs-tools/initramfs.conf":      "# comment\nMODULES=most\n",
		"/etc/initramfs-tools/conf.d/driver-level": "MODULES=\"dep\"\n",
		"/etc/initramfs-tools/modules":             "# mine\nloop",
	})
	r := runInitramfs(t, tree, nil)
	want := []report.Kernel{{
		Version: version, Image: "/boot/vmlinuz-" + version, Initramfs: "/boot/initrd.img-" + version,
		Generator: "initramfs-tools", Default: true,
		Virtio: map[string]string{
			"virtio_pci": "initramfs", "virtio_blk": "initramfs", "virtio_scsi": "initramfs", "virtio_net": "module",
		},
		BootsFrom: "virtio-blk", NICModel: "virtio",
		Action: "extended", Reason: "append the modules virtio, virtio_pci, virtio_blk, virtio_scsi",
	}}
	if diff := cmp.Diff(want, r.Kernels); diff != "" {
		t.Error(diff)
	}
	if len(r.warnings) > 0 {
		t.Errorf("warnings: %v", r.warnings)
	}
	if r.DiskBus != "virtio" || r.NICModel != "virtio" {
		t.Errorf("it is to be given %q and %q", r.DiskBus, r.NICModel)
	}
	image, err := kernel.ReadInitramfs(r.edit.Reader, kernel.Kernel{Initramfs: "/boot/initrd.img-" + version})
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
	if len(again.changes) > 0 || again.Kernels[0].Action != "kept" {
		t.Errorf("second run: %+v", again)
	}
}

func TestInitramfsKept(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]map[string]string{
		"drivers in the image": {"/boot/initrd.img-" + version: guesttest.DebianImage(t, version, nil,
			"virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "ext4")},
	} {
		r := runInitramfs(t, guesttest.New(t, guesttest.KernelFiles(version), files), nil)
		if r.Kernels[0].Action != "kept" || len(r.changes) > 0 || len(r.warnings) > 0 {
			t.Errorf("%s: %+v, %v", name, r.Result, r.warnings)
		}
	}
	r := runInitramfs(t, guesttest.New(t,
		guesttest.KernelFiles(version, "virtio", "virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "ext4"),
		map[string]string{"/boot/initramfs-" + version + ".img": guesttest.CPIO(t, map[string]string{"usr/lib/dracut/hostonly-files": ""})},
	), nil)
	k := r.Kernels[0]
	if k.Action != "kept" || k.Virtio["virtio_blk"] != "built-in" || k.Generator != "dracut" {
		t.Errorf("built-in drivers: %+v", k)
	}
}

func TestInitramfsStaleNames(t *testing.T) {
	t.Parallel()
	tree := guesttest.New(t, guesttest.KernelFiles(version), map[string]string{
		"/boot/initrd.img-" + version: guesttest.DebianImage(t, version, map[string]string{
			"conf/conf.d/resume":             "RESUME=/dev/sda2\n",
			"conf/conf.d/old":                "RESUME=UUID=99999999-9999\n",
			"cryptroot/crypttab":             "root /dev/sda1 none luks\n",
			"etc/lvm/lvmlocal.conf":          "# nothing\n",
			"etc/lvm/devices/system.devices": "IDTYPE=sys_wwid IDNAME=naa.6000c29 DEVNAME=/dev/sda2 PVID=x\n",
		}, "virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "ext4"),
	})
	r := runInitramfs(t, tree, nil)
	if k := r.Kernels[0]; k.Action != "extended" {
		t.Fatalf("%+v", k)
	}
	image, err := kernel.ReadInitramfs(r.edit.Reader, kernel.Kernel{Initramfs: "/boot/initrd.img-" + version})
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
	if again := runInitramfs(t, tree, nil); len(again.changes) > 0 {
		t.Errorf("second run changes %+v", again.changes)
	}
}

func TestInitramfsRebuilt(t *testing.T) {
	t.Parallel()
	hook := `usr/lib/dracut/hooks/initqueue/finished/devexists-\x2fdev\x2fdisk\x2fby-path\x2fpci-0000:03:00.0-scsi-0:0:0:0-part2.sh`
	name := "/boot/initramfs-" + version + ".img"
	tree := guesttest.New(t, guesttest.KernelFiles(version), map[string]string{name: guesttest.CPIO(t, map[string]string{hook: ""})})
	drivers := "virtio_pci virtio_blk virtio_scsi sd_mod virtio_net"
	good := func([]byte) error {
		files := map[string]string{"usr/lib/dracut/x": ""}
		for _, m := range strings.Fields(drivers) {
			files["usr/lib/modules/"+version+"/"+m+".ko"] = m
		}
		return tree.WriteFile(name, []byte(guesttest.CPIO(t, files)), 0o600)
	}
	first := strings.Join([]string{"dracut --force --add-drivers", drivers, name, version}, " ")
	second := strings.Join([]string{"dracut --force --no-hostonly --add-drivers", drivers, name, version}, " ")
	for title, test := range map[string]struct {
		answers map[string]guesttest.Answer
		action  string
		calls   int
		warned  bool
	}{
		"first choice":  {map[string]guesttest.Answer{first: {Do: good}}, "rebuilt", 1, false},
		"second choice": {map[string]guesttest.Answer{first: {}, second: {Do: good}}, "rebuilt", 2, false},
		"no help":       {map[string]guesttest.Answer{first: {}, second: {Err: errors.New("no space")}}, "none", 2, true},
	} {
		t.Run(title, func(t *testing.T) {
			if err := tree.WriteFile(name, []byte(guesttest.CPIO(t, map[string]string{hook: ""})), 0o600); err != nil {
				t.Fatal(err)
			}
			runner := &guesttest.Runner{Answers: test.answers}
			r := runInitramfs(t, tree, runner)
			k := r.Kernels[0]
			if k.Action != test.action || len(runner.Calls()) != test.calls || len(r.warnings) > 0 != test.warned {
				t.Errorf("%+v, calls %v, warnings %v", k, runner.Calls(), r.warnings)
			}
			if conf, err := tree.ReadFile(dracutDrivers); err != nil || !strings.Contains(string(conf), "virtio_blk") {
				t.Errorf("%s: %q, %v", dracutDrivers, conf, err)
			}
		})
	}
	r := runInitramfs(t, guesttest.New(t, guesttest.KernelFiles(version), map[string]string{name: "garbage", "/usr/bin/dracut": ""}), nil)
	if k := r.Kernels[0]; k.Action != "none" || len(r.warnings) == 0 {
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
	tree := guesttest.New(t, guesttest.KernelFiles(version), map[string]string{
		name: guesttest.DebianImage(t, version, map[string]string{"bin/noise": string(noise)}, "sd_mod", "ext4"),
	})
	r := runInitramfs(t, fullFS{tree, 4096}, &guesttest.Runner{})
	if k := r.Kernels[0]; k.Action != "none" || !strings.Contains(k.Reason, "4096 bytes free") || len(r.warnings) == 0 {
		t.Errorf("full file system: %+v", k)
	}
	// The drivers are there, but not where the kernel needs them.
	if r.DiskBus != "sata" || r.NICModel != "virtio" {
		t.Errorf("it is to be given %q and %q", r.DiskBus, r.NICModel)
	}
	info, err := tree.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	// Room for the addition alone: it is added to the file where it lies.
	runner := &guesttest.Runner{Answers: map[string]guesttest.Answer{
		"dd of=" + name + " oflag=append conv=notrunc,fsync": {Do: func(input []byte) error {
			data, err := tree.ReadFile(name)
			if err != nil {
				return err
			}
			return tree.WriteFile(name, append(data, input...), info.Mode)
		}},
	}}
	if k := runInitramfs(t, fullFS{tree, 1<<20 + 100<<10}, runner).Kernels[0]; k.Action != "extended" || len(runner.Calls()) != 1 {
		t.Errorf("little room: %+v, %d commands", k, len(runner.Calls()))
	}
}

func TestInitramfsWithoutVirtio(t *testing.T) {
	t.Parallel()
	old := "2.6.18-8.el5"
	files := guesttest.KernelFiles(old)
	root := "/lib/modules/" + old + "/"
	files[root+"modules.dep"] = "kernel/sd_mod.ko:\nkernel/ext4.ko:\nkernel/e1000.ko:\n"
	r := runInitramfs(t, guesttest.New(t, files, map[string]string{
		"/boot/initrd-" + old + ".img": guesttest.CPIO(t, map[string]string{
			"lib/modules/" + old + "/sd_mod.ko": "", "lib/modules/" + old + "/ext4.ko": "", "init": "",
		}),
	}), nil)
	if k := r.Kernels[0]; k.Virtio["virtio_blk"] != "missing" {
		t.Errorf("%+v", k)
	}
	if r.DiskBus != "sata" || r.NICModel != "e1000" {
		t.Errorf("it is to be given %q and %q", r.DiskBus, r.NICModel)
	}
	if len(r.warnings) < 2 || !strings.Contains(r.warnings[0].Remedy, "SATA") || !strings.Contains(r.warnings[0].Message, "default kernel") {
		t.Errorf("warnings: %+v", r.warnings)
	}
}

// TestInitramfsOfLegacyVirtio: a machine of type q35 has no virtio device that such a
// kernel drives, however many drivers its image has.
func TestInitramfsOfLegacyVirtio(t *testing.T) {
	t.Parallel()
	const old = "2.6.32-754.el6.x86_64"
	image := guesttest.DebianImage(t, old, nil, "virtio", "virtio_pci", "virtio_blk", "virtio_net", "sd_mod", "ext4")
	files := guesttest.KernelFiles(old)
	r := runInitramfs(t, guesttest.New(t, files, map[string]string{"/boot/initrd.img-" + old: image}), nil)
	if r.DiskBus != "sata" || r.NICModel != "e1000e" || r.Kernels[0].Virtio["virtio_blk"] != report.PlaceLegacy {
		t.Errorf("%+v", r.Result)
	}
	if len(r.warnings) == 0 || !strings.Contains(r.warnings[0].Message, "before virtio 1.0") || !strings.Contains(r.warnings[0].Remedy, "virtio-transitional") {
		t.Errorf("warnings: %+v", r.warnings)
	}
	files["/lib/modules/"+old+"/kernel/virtio_pci.ko"] = "VIRTIO_F_VERSION_1"
	if r := runInitramfs(t, guesttest.New(t, files, map[string]string{"/boot/initrd.img-" + old: image}), nil); r.DiskBus != "virtio" || r.NICModel != "virtio" {
		t.Errorf("with the drivers of 4.0: %+v", r.Result)
	}
}

// TestInitramfsWithNetwork: what had a card before its root file system was there has
// one then, too: a passphrase may come over the network.
func TestInitramfsWithNetwork(t *testing.T) {
	t.Parallel()
	drivers := []string{"virtio", "virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "ext4"}
	for card, want := range map[string]string{"vmxnet3": report.PlaceInitramfs, "hv_netvsc": report.PlaceInitramfs, "loop": report.PlaceModule} {
		image := guesttest.DebianImage(t, version, nil, append(drivers, card)...)
		files := guesttest.KernelFiles(version)
		files["/lib/modules/"+version+"/modules.dep"] += "kernel/" + card + ".ko:\n"
		r := runInitramfs(t, guesttest.New(t, files, map[string]string{"/boot/initrd.img-" + version: image}), nil)
		if k := r.Kernels[0]; k.Virtio["virtio_net"] != want || (k.Action == Extended) != (want == report.PlaceInitramfs) {
			t.Errorf("an image with %s: %+v", card, k)
		}
	}
}

func TestInitramfsNoKernel(t *testing.T) {
	t.Parallel()
	r := runInitramfs(t, guesttest.New(t, map[string]string{"/etc/fstab": ""}), nil)
	if len(r.warnings) != 1 || len(r.Kernels) > 0 {
		t.Errorf("%+v, %+v", r.warnings, r.Result)
	}
	if _, err := r.edit.Stat("/etc/dracut.conf.d"); !errors.Is(err, fs.ErrNotExist) {
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
		tree := guesttest.New(t, guesttest.KernelFiles(version), map[string]string{name: "cannot be read", tool: ""})
		good := guesttest.DebianImage(t, version, nil, "virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "ext4")
		runner := &guesttest.Runner{Answers: map[string]guesttest.Answer{want: {Do: func([]byte) error {
			return tree.WriteFile(name, []byte(good), 0o600)
		}}}}
		r := runInitramfs(t, tree, runner)
		if k := r.Kernels[0]; k.Action != "rebuilt" || len(r.warnings) > 0 {
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
		tree := guesttest.New(t, guesttest.KernelFiles(version), map[string]string{name: "cannot be read", "/usr/sbin/update-initramfs": "", "/etc/crypttab": table})
		runner := &guesttest.Runner{Answers: map[string]guesttest.Answer{command: {Do: func([]byte) error {
			if text, err := tree.ReadFile("/etc/crypttab"); err != nil || !strings.Contains(string(text), "none luks,discard,initramfs\n") {
				t.Errorf("%s: crypttab while the image is built: %s, %v", title, text, err)
			}
			return tree.WriteFile(name, []byte(guesttest.DebianImage(t, version, test.made, virtio...)), 0o600)
		}}}}
		r, err := fixImages(t, edit.Guest{
			FS: tree, Runner: runner, Mounts: []guest.Mount{{Device: "/dev/mapper/luks-1", Path: "/", FSType: "ext4"}},
		}, guest.Devices{
			{Name: "/dev/sda5", Kind: guest.KindPartition, Partition: 5, FSType: "crypto_LUKS", UUID: "luks"},
			{Name: "/dev/mapper/luks-1", Kind: guest.KindCrypt, Parent: "/dev/sda5", GuestName: "/dev/mapper/sda5_crypt", FSType: "ext4"},
		}, ModeAuto)
		if err != nil {
			t.Fatal(err)
		}
		warnings := fmt.Sprint(r.warnings)
		if k := r.Kernels[0]; k.Action != test.action || test.warned != "" && !strings.Contains(warnings, test.warned) || test.warned == "" && len(r.warnings) > 0 {
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

func TestUnifiedKernelImagesAlone(t *testing.T) {
	t.Parallel()
	for _, directory := range []string{"/boot/efi", "/efi", "/boot"} {
		r := runInitramfs(t, guesttest.New(t, map[string]string{directory + "/EFI/Linux/linux.efi": "x"}), nil)
		if len(r.warnings) != 1 || !strings.Contains(r.warnings[0].Message, "unified kernel images ("+directory+"/EFI/Linux/linux.efi)") {
			t.Errorf("%s: %v", directory, r.warnings)
		}
		// The kernel package's own files are there, too, and nothing starts them.
		files := guesttest.KernelFiles(version)
		files[directory+"/EFI/Linux/linux.efi"] = "x"
		files["/boot/initrd.img-"+version] = guesttest.DebianImage(t, version, nil, "virtio", "virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "ext4")
		for menu, want := range map[string]int{"": 1, "menuentry 'a' {\n linux /boot/vmlinuz-" + version + " root=/dev/vda1\n initrd /boot/initrd.img-" + version + "\n}\n": 0} {
			delete(files, "/boot/grub/grub.cfg")
			if menu != "" {
				files["/boot/grub/grub.cfg"] = menu
			}
			told := 0
			for _, w := range runInitramfs(t, guesttest.New(t, files), nil).warnings {
				if strings.Contains(w.Message, "whose drivers cannot be checked") {
					told++
				}
			}
			if told != want {
				t.Errorf("%s, with the menu %q: told %d times", directory, menu, told)
			}
		}
	}
}

// TestInitramfsForSATA: where no virtio driver is loaded, that of SATA disks must be.
func TestInitramfsForSATA(t *testing.T) {
	t.Parallel()
	const old = "2.6.18-8.el5"
	const root, image = "/lib/modules/" + old + "/", "/boot/initrd-" + old + ".img"
	const script = "#!/bin/nash\ninsmod /lib/scsi_mod.ko\ninsmod /lib/sd_mod.ko\n"
	nash := guesttest.CPIO(t, map[string]string{"init": script, "lib/scsi_mod.ko": "", "lib/sd_mod.ko": ""})
	debian := guesttest.DebianImage(t, old, nil, "sd_mod", "ext4")
	const modules = "kernel/sd_mod.ko:\nkernel/ext4.ko:\nkernel/ahci.ko:\n"
	for name, tt := range map[string]struct {
		image, dep, builtin    string
		mapped, extended, told bool
	}{
		"appended":                     {image: debian, dep: modules, extended: true},
		"the kernel has it":            {image: nash, dep: modules, builtin: "kernel/ahci.ko\n"},
		"the kernel has none":          {image: debian, dep: "kernel/sd_mod.ko:\nkernel/ext4.ko:\n", told: true},
		"a list of modules without it": {image: nash, dep: modules, told: true},
		"LILO reads the image":         {image: debian, dep: modules, mapped: true, told: true},
		"nothing is known":             {image: debian},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := edit.Guest{Mounts: []guest.Mount{{Device: "/dev/sda1", Path: "/", FSType: "ext4"}}, FS: guesttest.New(t, map[string]string{
				"/boot/vmlinuz-" + old: "k", image: tt.image, root + "modules.dep": tt.dep, root + "modules.builtin": tt.builtin,
				root + "modules.alias": "", root + "modules.symbols": "", root + "kernel/ahci.ko": "ahci", root + "kernel/sd_mod.ko": "sd", root + "kernel/ext4.ko": "e",
			})}
			options := Options{}
			if tt.mapped {
				options.Mapped = []string{image}
			}
			e := edittest.New(t, g)
			r, err := Fix(t.Context(), e, devname.New(initramfsDevices, g.Mounts), options)
			if err != nil {
				t.Fatal(err)
			}
			_, warnings := e.Take()
			told := 0
			for _, w := range warnings {
				if strings.Contains(w.Message, "SATA disk (ahci)") && strings.Contains(w.Remedy, "vmpvscsi") {
					told++
				}
			}
			if r.DiskBus != "sata" || (r.Kernels[0].Action == Extended) != tt.extended || (told == 1) != tt.told {
				t.Errorf("%+v with %v", r, warnings)
			}
		})
	}
}
