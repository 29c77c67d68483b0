//go:build cgo && linux

package guest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"libguestfs.org/guestfs"
)

// CheckHost says what this host lacks to run the appliance, each with a method
// Remedy() string, without running it: the library, its QEMU, a kernel, and KVM
// where it is asked for. It takes milliseconds, or as long as KVM does the first
// time, if ctx allows, and leaves nothing but what KVM remembers.
func CheckHost(ctx context.Context, acceleration Acceleration) (lacks []error) {
	handle, err := newHandle()
	if err != nil {
		return []error{err}
	}
	defer func() { _ = handle.Close() }()
	defer holdThread(handle)()
	qemu, err := handle.Get_hv()
	if err != nil {
		return []error{cleanError(err)}
	}
	at, err := applianceFilesOf(handle)
	if err != nil {
		return []error{err}
	}
	kvmReason := func() string { return kvmProbes.reason(ctx, qemu, at.kernel()) }
	if _, err := exec.LookPath(qemu); err != nil {
		kvmReason = func() string { return openKVM(kvmDevice) }
		lacks = append(lacks, &lack{
			what:   fmt.Sprintf("the appliance's QEMU cannot be run (%v)", err),
			remedy: "install it (Debian, Ubuntu: " + qemuPackage() + "; Fedora, RHEL: qemu-kvm)",
		})
	}
	if err := at.check(); err != nil {
		lacks = append(lacks, err)
	}
	if acceleration == AccelKVM {
		if reason := kvmReason(); reason != "" {
			lacks = append(lacks, &lack{
				what:   "acceleration is kvm, and KVM cannot be used: " + reason,
				remedy: "make KVM work for this user, or set acceleration to auto or tcg",
			})
		}
	}
	return lacks
}

// applianceFilesOf are the directories that the handle's appliance is made from.
func applianceFilesOf(handle *guestfs.Guestfs) (applianceFiles, error) {
	path, err := handle.Get_path()
	if err != nil {
		return applianceFiles{}, cleanError(err)
	}
	cache, err := handle.Get_cachedir()
	if err != nil {
		return applianceFiles{}, cleanError(err)
	}
	return applianceFiles{
		path: filepath.SplitList(path), boot: "/boot", modules: "/lib/modules",
		cache: filepath.Join(cache, fmt.Sprintf(".guestfs-%d", os.Geteuid())),
	}, nil
}

// qemuPackage is Debian's package of the QEMU for this machine's processor.
func qemuPackage() string {
	switch runtime.GOARCH {
	case "arm", "arm64":
		return "qemu-system-arm"
	case "ppc64le":
		return "qemu-system-ppc"
	case "amd64", "386":
		return "qemu-system-x86"
	default:
		return "qemu-system-misc"
	}
}
