//go:build !cgo || !linux

package appliance

import (
	"context"
	"errors"
	"io"
	"io/fs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/parttable"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
)

// errUnavailable says that this program was built without libguestfs.
var errUnavailable = errors.New("this program was built without libguestfs, which reads and changes guests: " +
	"on Linux, install libguestfs and its Go binding (Debian and Ubuntu: libguestfs0 libguestfs-dev golang-guestfs-dev; " +
	"Fedora and RHEL: libguestfs libguestfs-devel golang-guestfs) and build with CGO_ENABLED=1")

// CheckHost says that this build has no libguestfs.
func CheckHost(context.Context, Acceleration) []error { return []error{errUnavailable} }

// KVM says that this build has no libguestfs.
func KVM(context.Context, string) (reason string) { return errUnavailable.Error() }

// Session is one run of the libguestfs appliance. In this build there is none:
// every call fails and says what is missing.
type Session struct {
	*Files
	*Programs
}

// Files are those of the mounted guest.
type Files struct{}

// Programs runs the programs of the mounted guest.
type Programs struct{}

var (
	_ guest.FS          = (*Files)(nil)
	_ guest.SizedReader = (*Files)(nil)
	_ guest.Runner      = (*Programs)(nil)
)

// Open fails: this build has no libguestfs.
func Open(context.Context, []Drive, Options) (*Session, error) { return nil, errUnavailable }

// Accelerator returns nothing.
func (*Session) Accelerator() (used Acceleration, fallbackReason string) { return "", "" }

// KnowTables does nothing.
func (*Session) KnowTables([]parttable.Disk) {}

// Disks fails.
func (*Session) Disks() ([]parttable.Disk, error) { return nil, errUnavailable }

// Devices fails.
func (*Session) Devices() (guest.Devices, error) { return nil, errUnavailable }

// Inspect fails.
func (*Session) Inspect() ([]guest.OS, error) { return nil, errUnavailable }

// FindSystems fails.
func (*Session) FindSystems() ([]guest.OS, bool, error) { return nil, false, errUnavailable }

// Menus fails.
func (*Session) Menus() ([]guest.Menu, error) { return nil, errUnavailable }

// OpenLUKS fails.
func (*Session) OpenLUKS([]guest.Key) error { return errUnavailable }

// PlanMounts fails.
func (*Session) PlanMounts(guest.OS) ([]guest.Mount, error) { return nil, errUnavailable }

// Unmount fails.
func (*Session) Unmount() error { return errUnavailable }

// Space fails.
func (*Session) Space(string) (guest.Space, error) { return guest.Space{}, errUnavailable }

// MountGuest fails.
func (*Session) MountGuest(guest.OS) ([]guest.Mount, []guest.MountWarning, error) {
	return nil, nil, errUnavailable
}

// CheckFilesystem fails.
func (*Session) CheckFilesystem(guest.Device) error { return errUnavailable }

// Trim fails.
func (*Session) Trim() (failures []error, err error) { return nil, errUnavailable }

// Layer fails.
func (*Session) Layer([]string) error { return errUnavailable }

// Close does nothing.
func (*Session) Close() error { return nil }

// WriteHive fails.
func (*Files) WriteHive(string, []registry.Change) error { return errUnavailable }

// ReadFile implements FS.
func (*Files) ReadFile(string) ([]byte, error) { return nil, errUnavailable }

// ReadRegular implements guest.SizedReader.
func (*Files) ReadRegular(string, int64) ([]byte, error) { return nil, errUnavailable }

// WriteFile implements FS.
func (*Files) WriteFile(string, []byte, fs.FileMode) error { return errUnavailable }

// Upload implements FS.
func (*Files) Upload(string, io.Reader, fs.FileMode) error { return errUnavailable }

// Download implements FS.
func (*Files) Download(string, io.Writer) error { return errUnavailable }

// Stat implements FS.
func (*Files) Stat(string) (guest.FileInfo, error) { return guest.FileInfo{}, errUnavailable }

// Lstat implements FS.
func (*Files) Lstat(string) (guest.FileInfo, error) { return guest.FileInfo{}, errUnavailable }

// Readlink implements FS.
func (*Files) Readlink(string) (string, error) { return "", errUnavailable }

// ReadDir implements FS.
func (*Files) ReadDir(string) ([]string, error) { return nil, errUnavailable }

// MkdirAll implements FS.
func (*Files) MkdirAll(string, fs.FileMode) error { return errUnavailable }

// Symlink implements FS.
func (*Files) Symlink(string, string) error { return errUnavailable }

// Remove implements FS.
func (*Files) Remove(string) error { return errUnavailable }

// RemoveAll implements FS.
func (*Files) RemoveAll(string) error { return errUnavailable }

// Rename implements FS.
func (*Files) Rename(string, string) error { return errUnavailable }

// Chmod implements FS.
func (*Files) Chmod(string, fs.FileMode) error { return errUnavailable }

// Chown implements FS.
func (*Files) Chown(string, int, int) error { return errUnavailable }

// Run implements Runner.
func (*Programs) Run(...string) (string, error) { return "", errUnavailable }

// RunInput implements Runner.
func (*Programs) RunInput([]byte, ...string) (string, error) { return "", errUnavailable }
