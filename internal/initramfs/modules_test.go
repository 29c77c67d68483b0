package initramfs

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestModuleName(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"kernel/drivers/block/virtio-blk.ko.xz": "virtio_blk",
		"a.ko":                                  "a",
		"a.ko.zst":                              "a",
		"a.ko.gz":                               "a",
		"virtio-blk":                            "virtio_blk",
	} {
		if got := ModuleName(file); got != want {
			t.Errorf("%s: %s, want %s", file, got, want)
		}
	}
}

func TestParseConfig(t *testing.T) {
	t.Parallel()
	builtin, module := ParseConfig([]byte("CONFIG_VIRTIO_BLK=y\nCONFIG_VIRTIO_PCI=m\n# CONFIG_SCSI_VIRTIO is not set\nCONFIG_OTHER=y\n"))
	if diff := cmp.Diff(map[string]bool{"virtio_blk": true}, builtin); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]bool{"virtio_pci": true}, module); diff != "" {
		t.Error(diff)
	}
}

func TestParseBuiltin(t *testing.T) {
	t.Parallel()
	got := ParseBuiltin([]byte("kernel/drivers/block/virtio_blk.ko\nkernel/lib/crc-t10dif.ko\n"))
	if diff := cmp.Diff(map[string]bool{"virtio_blk": true, "crc_t10dif": true}, got); diff != "" {
		t.Error(diff)
	}
}

func TestDependencies(t *testing.T) {
	t.Parallel()
	d := ParseDependencies([]byte("/lib/modules/2.6.32/kernel/a.ko: /lib/modules/2.6.32/kernel/b.ko\n" +
		"kernel/b.ko: kernel/c-d.ko.xz\nkernel/c-d.ko.xz:\nno module: x\n"))
	order, err := d.Closure("a", "c-d")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"c_d", "b", "a"}, order); diff != "" {
		t.Error(diff)
	}
	if p, ok := d.Path("a"); !ok || p != "kernel/a.ko" {
		t.Errorf("path of a: %q", p)
	}
	if _, err := d.Closure("missing"); err == nil {
		t.Error("a module that is not listed is no error")
	}
	loop := ParseDependencies([]byte("a.ko: b.ko\nb.ko: a.ko\n"))
	if order, err := loop.Closure("a"); err != nil || len(order) != 2 {
		t.Errorf("loop: %v, %v", order, err)
	}
}
