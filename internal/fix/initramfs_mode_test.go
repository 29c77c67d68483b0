package fix

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
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
		"lacks drivers": {debianImage(t, version, nil, "sd_mod", "ext4"), ""},
		"cannot be read": {
			"garbage", debianInitramfs + " cannot be repaired by appending to it: it cannot be read",
		},
		"waits for a device": {
			debianImage(t, version, map[string]string{waiting: ""}, "virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "ext4"),
			"it waits for /dev/sdx1; set pipeline.fix.initramfs to \"auto\"",
		},
		"made by booster": {
			cpioOf(t, map[string]string{"etc/booster.init.yaml": "", "init": ""}), "booster's init reads its own list of modules; set pipeline.fix.initramfs",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runner := &guest.FakeRunner{}
			tree := guesttest.New(t, kernelFiles(version), update, map[string]string{debianInitramfs: test.image})
			r, err := runInitramfsMode(t, tree, runner, InitramfsAppend)
			if calls := runner.Calls(); len(calls) > 0 {
				t.Errorf("programs of the guest were run: %v", calls)
			}
			if test.fails != "" {
				if err == nil || !strings.Contains(err.Error(), test.fails) {
					t.Errorf("error %v does not say %q", err, test.fails)
				}
				return
			}
			if err != nil || r.result.Kernels[0].Action != initramfsExtended {
				t.Errorf("%+v, %v", r.result.Kernels, err)
			}
		})
	}
}

func TestInitramfsAppendWithoutRoom(t *testing.T) {
	t.Parallel()
	tree := guesttest.New(t, kernelFiles(version), map[string]string{debianInitramfs: debianImage(t, version, nil, "sd_mod", "ext4")})
	_, err := runInitramfsMode(t, fullFS{tree, 4096}, &guest.FakeRunner{}, InitramfsAppend)
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
			tree := guesttest.New(t, kernelFiles(version), kernelFiles(older), map[string]string{
				"/usr/sbin/update-initramfs":          "",
				"/etc/initramfs-tools/initramfs.conf": "MODULES=dep\n",
				debianInitramfs:                       debianImage(t, version, nil, complete...),
				"/boot/initrd.img-" + older:           debianImage(t, older, nil, complete...),
			})
			answers := map[string]guest.FakeAnswer{}
			for _, v := range []string{version, older} {
				answers["update-initramfs -u -k "+v] = guest.FakeAnswer{Err: test.err, Do: func([]byte) error {
					return tree.WriteFile("/boot/initrd.img-"+v, []byte(debianImage(t, v, map[string]string{"anew": ""}, test.made...)), 0o600)
				}}
			}
			runner := &guest.FakeRunner{Answers: answers}
			r, err := runInitramfsMode(t, tree, runner, InitramfsRebuild)
			if test.fails != "" {
				if err == nil || !strings.Contains(err.Error(), test.fails) {
					t.Errorf("error %v does not say %q", err, test.fails)
				}
				return
			}
			if err != nil || len(r.warnings) > 0 || len(runner.Calls()) != 2 {
				t.Fatalf("%v, warnings %v, calls %v", err, r.warnings, runner.Calls())
			}
			for _, k := range r.result.Kernels {
				if k.Action != initramfsRebuilt || k.Reason != "a rebuild was asked for" || k.Virtio["virtio_blk"] != placeInitramfs {
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
	image := cpioOf(t, map[string]string{"init": ""})
	files := map[string]string{debianInitramfs: image}
	_, err := runInitramfsMode(t, guesttest.New(t, kernelFiles(version), files), &guest.FakeRunner{}, InitramfsRebuild)
	if err == nil || !strings.Contains(err.Error(), "no tool for that was found in the guest") {
		t.Errorf("no tool: %v", err)
	}
	_, err = runInitramfsMode(t, guesttest.New(t, kernelFiles(version), files, map[string]string{"/usr/bin/dracut": ""}), nil, InitramfsRebuild)
	if err == nil || !strings.Contains(err.Error(), "programs of this guest cannot be run here") {
		t.Errorf("no runner: %v", err)
	}
}

// TestRebuildOnESP: the image that the boot loader reads is the one that is
// made anew.
func TestRebuildOnESP(t *testing.T) {
	t.Parallel()
	const image = "/boot/efi/m/" + version + "/initrd"
	tree := guesttest.New(t, kernelFiles(version), map[string]string{
		"/boot/efi/loader/entries/m.conf":   "linux /m/" + version + "/linux\ninitrd /m/" + version + "/initrd\n",
		"/boot/efi/m/" + version + "/linux": "k",
		image:                               debianImage(t, version, nil, "sd_mod", "ext4"),
	})
	runner := &guest.FakeRunner{Answers: map[string]guest.FakeAnswer{"mkinitramfs -o " + image + " " + version: {Do: func([]byte) error {
		return tree.WriteFile(image, []byte(debianImage(t, version, nil, "virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "ext4")), 0o600)
	}}}}
	r, err := runInitramfsMode(t, tree, runner, InitramfsRebuild)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(r.result.Kernels, func(k Kernel) bool { return k.Initramfs == image && k.Action == initramfsRebuilt }) {
		t.Errorf("%+v", r.result.Kernels)
	}
}
