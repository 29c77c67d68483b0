//go:build cgo && linux

package appliance

import (
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"libguestfs.org/guestfs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// windowsParts are the groups of libguestfs' calls that a Windows guest needs, and what
// has them.
var windowsParts = []struct{ group, program string }{{"ntfs3g", "ntfs-3g"}, {"hivex", "hivex"}}

// requireWindows makes sure that the appliance can write what a Windows has.
func requireWindows(available func(groups []string) (bool, error)) error {
	for _, part := range windowsParts {
		has, err := available([]string{part.group})
		if err != nil {
			return err
		}
		if !has {
			return missing("the appliance has no "+part.program+", without which a Windows guest cannot be changed",
				"install the package ntfs-3g and libguestfs0 with its hivex (Debian, Ubuntu), libguestfs-winsupport (Fedora, RHEL), or what brings "+part.program+
					" elsewhere, so that libguestfs builds its appliance with it; one that LIBGUESTFS_PATH names has to be made anew; to convert the guest as it is, disable pipeline.fix")
		}
	}
	return nil
}

// onNTFS says that a guest path lies on NTFS.
func (f *Files) onNTFS(name string) bool {
	return f.ntfs && name != guest.WindowsESP && !strings.HasPrefix(name, guest.WindowsESP+"/")
}

// uploadNTFS puts a file in target's place, where existing is what is there now, or
// nil. It has its access rights from the beginning.
func (f *Files) uploadNTFS(g *guestfs.Guestfs, target string, existing *guestfs.StatNS, r io.Reader, perm fs.FileMode) error {
	rights := descriptor(perm, false)
	if existing != nil {
		var err error
		if rights, err = g.Getxattr(target, descriptorAttribute); err != nil {
			return err
		}
	}
	folder := path.Dir(target)
	temp, err := g.Mktemp(path.Join(folder, ".write-XXXXXXXX"), nil)
	if err != nil {
		return err
	}
	err = f.unpack(g, folder, func(archive *os.File) error { return writeFile(archive, path.Base(temp), rights, r) })
	if err == nil && existing != nil { // other streams
		err = g.Copy_attributes(target, temp, &guestfs.OptargsCopy_attributes{Xattributes_is_set: true, Xattributes: true})
	}
	if err == nil {
		err = g.Rename(temp, target)
	}
	if err != nil {
		_ = g.Rm(temp)
	}
	return err
}

// mkdirNTFS makes a folder.
func (f *Files) mkdirNTFS(g *guestfs.Guestfs, name string, perm fs.FileMode) error {
	return f.unpack(g, path.Dir(name), func(archive *os.File) error { return writeFolder(archive, path.Base(name), descriptor(perm, true)) })
}

// unpack unpacks an archive that write makes into a folder of the guest.
func (f *Files) unpack(g *guestfs.Guestfs, folder string, write func(*os.File) error) error {
	archive, err := os.CreateTemp(f.archives, "archive-")
	if err != nil {
		return err
	}
	defer func() {
		_ = archive.Close()
		_ = os.Remove(archive.Name())
	}()
	if err := write(archive); err != nil {
		return err
	}
	return g.Tar_in(archive.Name(), folder, &guestfs.OptargsTar_in{Xattrs_is_set: true, Xattrs: true})
}
