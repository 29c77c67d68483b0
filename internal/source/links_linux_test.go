package source_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// TestLinkedImageNamesAnotherFile: QEMU counts the name of a backing file from the directory
// of a symbolic link to an image, and a source from that of the image. Where both have such
// a file, nobody is given the wrong one.
func TestLinkedImageNamesAnotherFile(t *testing.T) {
	t.Parallel()
	link := func(t *testing.T, to, at string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, at); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		build func(t *testing.T, dir, disk string) string
		fails bool
	}{
		"beside the link is another": {func(t *testing.T, dir, disk string) string {
			convert(t, changedDisk(t, disk), "qcow2", filepath.Join(dir, "links/base.qcow2"))
			link(t, filepath.Join(dir, "images/top.qcow2"), filepath.Join(dir, "links/top.qcow2"))
			return filepath.Join(dir, "links/top.qcow2")
		}, true},
		"beside the link is a link to it": {func(t *testing.T, dir, _ string) string {
			link(t, filepath.Join(dir, "images/base.qcow2"), filepath.Join(dir, "links/base.qcow2"))
			link(t, filepath.Join(dir, "images/top.qcow2"), filepath.Join(dir, "links/top.qcow2"))
			return filepath.Join(dir, "links/top.qcow2")
		}, false},
		"beside the link is none": {func(t *testing.T, dir, _ string) string {
			link(t, filepath.Join(dir, "images/top.qcow2"), filepath.Join(dir, "links/top.qcow2"))
			return filepath.Join(dir, "links/top.qcow2")
		}, false},
		"its directory is a link": {func(t *testing.T, dir, _ string) string {
			link(t, filepath.Join(dir, "images"), filepath.Join(dir, "store"))
			return filepath.Join(dir, "store/top.qcow2")
		}, false},
		"in the middle of a chain": {func(t *testing.T, dir, disk string) string {
			convert(t, changedDisk(t, disk), "qcow2", filepath.Join(dir, "images/links/base.qcow2"))
			link(t, filepath.Join(dir, "images/top.qcow2"), filepath.Join(dir, "images/links/middle.qcow2"))
			path := filepath.Join(dir, "images/newest.qcow2")
			qemuImg(t, "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", "links/middle.qcow2", path)
			return path
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireQEMUImg(t)
			dir, disk := t.TempDir(), newDisk(t)
			if err := os.MkdirAll(filepath.Join(dir, "images"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(filepath.Join(dir, "links"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(filepath.Join(dir, "images/links"), 0o700); err != nil {
				t.Fatal(err)
			}
			convert(t, disk, "qcow2", filepath.Join(dir, "images/base.qcow2"))
			qemuImg(t, "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", "base.qcow2", filepath.Join(dir, "images/top.qcow2"))
			path := test.build(t, dir, disk)
			_, err := source.Open(t.Context(), source.Request{Type: source.TypeQCOW2, Path: path, WorkDir: t.TempDir()})
			if (err != nil) != test.fails || err != nil && (!strings.Contains(err.Error(), "is a symbolic link to") || remedy.Of(err) == "") {
				t.Errorf("error = %v with %q", err, remedy.Of(err))
			}
			if !test.fails {
				return
			}
			// The claim about QEMU: it opens what lies beside the link.
			out, err := exec.Command("qemu-img", "info", "--backing-chain", path).CombinedOutput()
			if err != nil || !strings.Contains(string(out), "links/base.qcow2") {
				t.Errorf("qemu-img has it otherwise: %v\n%s", err, out)
			}
		})
	}
}
