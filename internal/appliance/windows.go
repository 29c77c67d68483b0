//go:build cgo && linux

package appliance

import (
	"io"

	"libguestfs.org/guestfs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
)

// remoteFile reads a file of the guest by pages, and remembers them.
type remoteFile struct {
	g     *guestfs.Guestfs
	name  string
	pages map[int64][]byte
}

// remotePage is the length of a page in bytes: what a call costs whatever it reads
// is what so many cost.
const remotePage = 64 << 10

// ReadAt implements io.ReaderAt.
func (f *remoteFile) ReadAt(p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		number, inside := (off+int64(done))/remotePage, (off+int64(done))%remotePage
		page, ok := f.pages[number]
		if !ok {
			var err error
			if page, err = f.g.Pread(f.name, remotePage, number*remotePage); err != nil {
				return done, err
			}
			f.pages[number] = page
		}
		if inside >= int64(len(page)) {
			return done, io.EOF
		}
		done += copy(p[done:], page[inside:])
	}
	return done, nil
}

// openHive opens a hive of the mounted guest.
func openHive(g *guestfs.Guestfs, name string) (*registry.Hive, error) {
	st, err := g.Statns(name)
	if err != nil {
		return nil, cleanError(err)
	}
	if !fileMode(st.St_mode).IsRegular() {
		return nil, errNoRegularFile
	}
	return registry.Open(&remoteFile{g: g, name: name, pages: map[int64][]byte{}}, st.St_size)
}

// readRegistry adds what the system's own hives tell. Where they cannot be read,
// what libguestfs found stays.
func readRegistry(g *guestfs.Guestfs, found *guest.OS) {
	softwareName, err := g.Inspect_get_windows_software_hive(found.Root)
	if err != nil {
		return
	}
	systemName, err := g.Inspect_get_windows_system_hive(found.Root)
	if err != nil {
		return
	}
	if err := g.Mount_ro(found.Root, "/"); err != nil {
		return
	}
	defer func() { _ = g.Umount_all() }()
	software, err := openHive(g, softwareName)
	if err != nil {
		return
	}
	if system, err := openHive(g, systemName); err == nil {
		_ = found.ReadRegistry(software, system)
	}
}

// hibernatedWindows says that the mounted Windows goes on from its own memory.
func hibernatedWindows(g *guestfs.Guestfs) bool {
	st, err := g.Statns(guest.HibernationFile)
	if err != nil || !fileMode(st.St_mode).IsRegular() {
		return false
	}
	mark, err := g.Pread(guest.HibernationFile, 4, 0)
	return err == nil && guest.IsHibernationMark(mark)
}
