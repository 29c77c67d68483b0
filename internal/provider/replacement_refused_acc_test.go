package provider

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestAccRefusedReplacement: the image outlives replacements by sources that
// cannot be migrated, with what the real program foresees.
func TestAccRefusedReplacement(t *testing.T) {
	requireTerraform(t)
	t.Parallel()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	disk, whole, cut := filepath.Join(directory, "disk.raw"), filepath.Join(directory, "whole.vmdk"), filepath.Join(directory, "cut.vmdk")
	data := make([]byte, 4<<20)
	for n := range data {
		data[n] = byte(n) | 1
	}
	if err := os.WriteFile(disk, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{whole, cut} {
		if out, err := exec.Command("qemu-img", "convert", "-O", "vmdk", disk, path).CombinedOutput(); err != nil {
			t.Fatalf("qemu-img: %v\n%s", err, out)
		}
	}
	if err := os.Truncate(cut, 3<<20); err != nil {
		t.Fatal(err)
	}
	c := newCLI(t, executable, map[string]string{}, programVariable+"="+buildProvider(t))
	l := &life{cli: c, directory: filepath.Join(directory, "images")}
	configure := func(source, extra string) {
		text := fmt.Sprintf(`
terraform {
  required_providers {
    hyper2kvm = { source = "hyper2kvm/hyper2kvm" }
  }
}
resource "hyper2kvm_migration" "test" {
  source   = { type = "vmdk", path = %q }
  output   = { directory = %q, filename = "web.qcow2" }
  pipeline = { convert = {}, validate = {} }
  %s
}
`, source, l.directory, extra)
		if err := os.WriteFile(filepath.Join(c.directory, "main.tf"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	image := filepath.Join(l.directory, "web.qcow2")
	stays := func() {
		t.Helper()
		if _, err := os.Stat(image); err != nil {
			t.Errorf("the image is gone: %v", err)
		}
	}
	configure(whole, "")
	l.apply()
	stays()
	for source, why := range map[string]string{
		cut:                                    "its tables point behind its end",
		filepath.Join(directory, "wohle.vmdk"): "source path not found",
	} {
		configure(source, "")
		l.wants(false, "apply -auto-approve", "would first delete "+image, why)
		stays()
		configure(source, "overwrite = true")
		l.wants(true, "plan", "Migration would fail on this host", why)
	}
	configure(whole, "")
	l.wants(true, "plan", emptyPlan)
	if err := os.Remove(whole); err != nil {
		t.Fatal(err)
	}
	l.wants(false, "apply -auto-approve -replace=hyper2kvm_migration.test", "would first delete "+image, "source path not found")
	stays()
	l.destroy()
}
