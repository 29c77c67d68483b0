package initrd

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

const debianInitramfs = "/boot/initrd.img-" + version

// waiting is an entry of an image that waits for a disk of the old machine.
const waiting = `usr/lib/dracut/hooks/initqueue/finished/devexists-\x2fdev\x2fsdx1.sh`

// TestInitramfsAppendAlone: where appending serves, nothing of the guest's is
// run; where it does not, the guest is not passed off as good.
func TestInitramfsAppendAlone(t *testing.T) {
	t.Parallel()
	update := map[string]string{"/usr/sbin/update-initramfs": ""}
	for name, test := range map[string]struct {
		image string
		fails string
	}{
		"lacks drivers": {guesttest.DebianImage(t, version, nil, "sd_mod", "ext4"), ""},
		"cannot be read": {
			"garbage", debianInitramfs + " cannot be repaired by appending to it: it cannot be read",
		},
		"waits for a device": {
			guesttest.DebianImage(t, version, map[string]string{waiting: ""}, "virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "ext4"),
			"it waits for /dev/sdx1; set pipeline.fix.initramfs to \"auto\"",
		},
		"made by booster": {
			guesttest.CPIO(t, map[string]string{"etc/booster.init.yaml": "", "init": ""}), "booster's init reads its own list of modules; set pipeline.fix.initramfs",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runner := &guesttest.Runner{}
			tree := guesttest.New(t, guesttest.KernelFiles(version), update, map[string]string{debianInitramfs: test.image})
			r, err := runInitramfsMode(t, tree, runner, ModeAppend)
			if calls := runner.Calls(); len(calls) > 0 {
				t.Errorf("programs of the guest were run: %v", calls)
			}
			if test.fails != "" {
				if err == nil || !strings.Contains(err.Error(), test.fails) {
					t.Errorf("error %v does not say %q", err, test.fails)
				}
				return
			}
			if err != nil || r.Kernels[0].Action != Extended {
				t.Errorf("%+v, %v", r.Kernels, err)
			}
		})
	}
}

func TestInitramfsAppendWithoutRoom(t *testing.T) {
	t.Parallel()
	tree := guesttest.New(t, guesttest.KernelFiles(version), map[string]string{debianInitramfs: guesttest.DebianImage(t, version, nil, "sd_mod", "ext4")})
	_, err := runInitramfsMode(t, fullFS{tree, 4096}, &guesttest.Runner{}, ModeAppend)
	if err == nil || !strings.Contains(err.Error(), "/boot has 4096 bytes free") || !strings.Contains(err.Error(), "remove old kernels") {
		t.Errorf("error: %v", err)
	}
}

// TestInitramfsRebuildAlways: even an image that needs nothing is made anew,
// and a tool that does not help is an error.
func TestInitramfsRebuildAlways(t *testing.T) {
	t.Parallel()
	const older = "6.1.0-9-amd64"
	complete := []string{"virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "ext4"}
	for name, test := range map[string]struct {
		made  []string // modules in the images that the tool makes
		err   error    // of the tool
		fails string
	}{
		"helps":     {complete, nil, ""},
		"fails":     {complete, errors.New("no space left"), "cannot be built anew: update-initramfs -u -k " + version + " failed in the guest: no space left; set pipeline.fix.initramfs to \"auto\""},
		"no virtio": {[]string{"sd_mod", "ext4"}, nil, "the new one still lacks virtio_pci, virtio_blk, virtio_scsi"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := guesttest.New(t, guesttest.KernelFiles(version), guesttest.KernelFiles(older), map[string]string{
				"/usr/sbin/update-initramfs":          "",
				"/etc/initramfs-tools/initramfs.conf": "MODULES=dep\n",
				debianInitramfs:                       guesttest.DebianImage(t, version, nil, complete...),
				"/boot/initrd.img-" + older:           guesttest.DebianImage(t, older, nil, complete...),
			})
			answers := map[string]guesttest.Answer{}
			for _, v := range []string{version, older} {
				answers["update-initramfs -u -k "+v] = guesttest.Answer{Err: test.err, Do: func([]byte) error {
					return tree.WriteFile("/boot/initrd.img-"+v, []byte(guesttest.DebianImage(t, v, map[string]string{"anew": ""}, test.made...)), 0o600)
				}}
			}
			runner := &guesttest.Runner{Answers: answers}
			r, err := runInitramfsMode(t, tree, runner, ModeRebuild)
			if test.fails != "" {
				if err == nil || !strings.Contains(err.Error(), test.fails) {
					t.Errorf("error %v does not say %q", err, test.fails)
				}
				return
			}
			if err != nil || len(r.warnings) > 0 || len(runner.Calls()) != 2 {
				t.Fatalf("%v, warnings %v, calls %v", err, r.warnings, runner.Calls())
			}
			for _, k := range r.Kernels {
				if k.Action != Rebuilt || k.Reason != "a rebuild was asked for" || k.Virtio["virtio_blk"] != report.PlaceInitramfs {
					t.Errorf("%+v", k)
				}
			}
			modules, err := tree.ReadFile(initramfsToolsModules)
			if lines := strings.Fields(string(modules)); err != nil || !slices.Contains(lines, "virtio_net") {
				t.Errorf("%s: %q, %v", initramfsToolsModules, modules, err)
			}
		})
	}
}

// TestInitramfsRebuildWithoutTool has neither a tool nor a way to run one.
func TestInitramfsRebuildWithoutTool(t *testing.T) {
	t.Parallel()
	image := guesttest.CPIO(t, map[string]string{"init": ""})
	files := map[string]string{debianInitramfs: image}
	_, err := runInitramfsMode(t, guesttest.New(t, guesttest.KernelFiles(version), files), &guesttest.Runner{}, ModeRebuild)
	if err == nil || !strings.Contains(err.Error(), "no tool for that was found in the guest") {
		t.Errorf("no tool: %v", err)
	}
	_, err = runInitramfsMode(t, guesttest.New(t, guesttest.KernelFiles(version), files, map[string]string{"/usr/bin/dracut": ""}), nil, ModeRebuild)
	if err == nil || !strings.Contains(err.Error(), "programs of this guest cannot be run here") {
		t.Errorf("no runner: %v", err)
	}
}

// TestRebuildOnESP: the image that the boot loader reads is the one that is
// made anew.
func TestRebuildOnESP(t *testing.T) {
	t.Parallel()
	const image = "/boot/efi/m/" + version + "/initrd"
	tree := guesttest.New(t, guesttest.KernelFiles(version), map[string]string{
		"/boot/efi/loader/entries/m.conf":   "linux /m/" + version + "/linux\ninitrd /m/" + version + "/initrd\n",
		"/boot/efi/m/" + version + "/linux": "k",
		image:                               guesttest.DebianImage(t, version, nil, "sd_mod", "ext4"),
	})
	runner := &guesttest.Runner{Answers: map[string]guesttest.Answer{"mkinitramfs -o " + image + " " + version: {Do: func([]byte) error {
		return tree.WriteFile(image, []byte(guesttest.DebianImage(t, version, nil, "virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "ext4")), 0o600)
	}}}}
	r, err := runInitramfsMode(t, tree, runner, ModeRebuild)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(r.Kernels, func(k report.Kernel) bool { return k.Initramfs == image && k.Action == Rebuilt }) {
		t.Errorf("%+v", r.Kernels)
	}
}
