package guesttest

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/cavaliergopher/cpio"
	"github.com/klauspost/compress/gzip"
)

// CPIO is a gzip-compressed archive of the files.
func CPIO(t testing.TB, files map[string]string) string {
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

// KernelFiles is a kernel with its modules. builtin drivers have no module.
func KernelFiles(version string, builtin ...string) map[string]string {
	root := "/lib/modules/" + version + "/"
	files := map[string]string{
		"/boot/vmlinuz-" + version: "kernel",
		root + "modules.builtin":   "kernel/drivers/ata/ahci.ko\n",
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

// DebianImage is an initramfs of initramfs-tools with modules, and more files.
func DebianImage(t testing.TB, version string, more map[string]string, modules ...string) string {
	t.Helper()
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
	return CPIO(t, files)
}
