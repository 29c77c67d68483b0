package source_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// Disks of a VMX file on another datastore: by a path that leads there, by one of
// the host that had the machine, and by a link.
func TestDirectoriesOfVMX(t *testing.T) {
	t.Parallel()
	dir, other := t.TempDir(), t.TempDir()
	data := newDisk(t)
	convert(t, data, "vmdk", write(t, filepath.Join(other, "web", "data.vmdk"), nil))
	convert(t, newDisk(t), "vmdk", filepath.Join(other, "log.vmdk"))
	if err := os.Symlink(filepath.Join(other, "log.vmdk"), filepath.Join(dir, "link.vmdk")); err != nil {
		t.Fatal(err)
	}
	upwards, err := filepath.Rel(dir, filepath.Join(other, "log.vmdk"))
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{
		"absolute": filepath.Join(other, "web", "data.vmdk"), "of a datastore": "/vmfs/volumes/5f1a-b2/web/data.vmdk",
		"of a datastore, without its folder": "/vmfs/volumes/5f1a-b2/logs/log.vmdk", "upwards": upwards, "through a link": "link.vmdk",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := source.Request{Type: source.TypeVMX, Path: vmx(t, t.TempDir(), "", file)}
			if name == "upwards" || name == "through a link" {
				request.Path = write(t, filepath.Join(dir, name+".vmx"), []byte("config.version = \"8\"\nscsi0:0.present = \"TRUE\"\nscsi0:0.fileName = \""+file+"\"\n"))
			}
			if _, err := source.Open(t.Context(), request); err == nil || !strings.Contains(err.Error(), "outside the source's directory") {
				t.Fatalf("without source.directories: %v", err)
			}
			request.Directories = []string{other}
			s := open(t, request)
			defer s.Close()
			if len(s.Files) != 2 {
				t.Errorf("the source consists of %v", s.Files)
			}
			if strings.HasSuffix(file, "data.vmdk") {
				requireSame(t, s.Disks[0], data)
			}
		})
	}
}

// What is in none of them is refused as before, and a name that two of them have
// is no guess.
func TestDirectoriesThatDoNotHelp(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	one, two := t.TempDir(), t.TempDir()
	for _, directory := range []string{one, two} {
		convert(t, newDisk(t), "vmdk", filepath.Join(directory, "a.vmdk"))
	}
	outside := newCanary(t)
	if err := os.Symlink(outside.path, filepath.Join(one, "link.vmdk")); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ file, want string }{
		"elsewhere":        {outside.path, "outside the source's directory"},
		"a link elsewhere": {"/vmfs/volumes/5f1a-b2/web/link.vmdk", "outside the source's directory"},
		"of two":           {"/vmfs/volumes/5f1a-b2/web/a.vmdk", "is in several of source.directories"},
		"of none":          {"/vmfs/volumes/5f1a-b2/web/b.vmdk", "outside the source's directory"},
		"a protocol":       {"nbd:127.0.0.1:1", "no file name that could be trusted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := source.Request{Type: source.TypeVMX, Path: vmx(t, t.TempDir(), "", test.file), Directories: []string{one, two}}
			_, err := source.Open(t.Context(), request)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("error %v, want %q", err, test.want)
			}
			requireRemedy(t, err)
		})
	}
	t.Cleanup(func() {
		if outside.opened(t) {
			t.Error("a file outside of the source was opened")
		}
	})
	_, err := source.Open(t.Context(), source.Request{Type: source.TypeVMX, Path: vmx(t, t.TempDir(), "", "a.vmdk"), Directories: []string{filepath.Join(one, "none")}})
	if err == nil || !strings.Contains(err.Error(), "source.directories") {
		t.Errorf("a directory that is not there: %v", err)
	}
}
