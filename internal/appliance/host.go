//go:build cgo && linux

package appliance

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"libguestfs.org/guestfs"
)

// CheckHost says all that this host lacks to build and run the appliance, each
// with a method Remedy() string, without running it: the library, its QEMU,
// supermin, a kernel, directories that can be written and have the space, and KVM
// where it is asked for. It takes milliseconds, or as long as KVM does the first
// time, if ctx allows, and leaves nothing but what KVM remembers.
func CheckHost(ctx context.Context, acceleration Acceleration) (lacks []error) {
	lacks, broken := checkEnvironment()
	host := hostAppliance(broken)
	qemu := "qemu-system-" + machine()
	handle, err := newHandle()
	if err == nil {
		defer func() { _ = handle.Close() }()
		defer holdThread(handle)()
		qemu, host.path, err = settings(handle)
	}
	if err != nil {
		lacks = append(lacks, err)
	}
	kvmReason := func() string { return openKVM(kvmDevice) }
	if at, err := exec.LookPath(qemu); err == nil {
		host.qemu = at
		kvmReason = func() string { return kvmProbes.reason(ctx, qemu, host.usedKernel()) }
	} else {
		lacks = append(lacks, missing(fmt.Sprintf("the appliance's QEMU cannot be run (%v)", err),
			"install it (Debian, Ubuntu: "+qemuPackage()+"; Fedora, RHEL: qemu-kvm)"))
	}
	lacks = append(lacks, host.check()...)
	if acceleration == AccelKVM {
		if reason := kvmReason(); reason != "" {
			lacks = append(lacks, missing("acceleration is kvm, and KVM cannot be used: "+reason,
				"make KVM work for this user, or set acceleration to auto or tcg"))
		}
	}
	return lacks
}

// hostAppliance is what this host has for an appliance, but for libguestfs' own
// part and QEMU. The variables of the environment that are broken do not count.
func hostAppliance(broken []string) applianceHost {
	host := applianceHost{
		boot: "/boot", modules: "/lib/modules",
		supermin:  []string{"/usr/bin/supermin", "/usr/local/bin/supermin"},
		databases: packageDatabases, uid: os.Geteuid(), measure: measureFileSystem,
	}
	host.cache, host.build, host.sockets = chosenDirectories(host.uid, broken)
	return host
}

// settings are libguestfs' QEMU and where it looks for the appliance.
func settings(handle *guestfs.Guestfs) (qemu string, path []string, err error) {
	if qemu, err = handle.Get_hv(); err != nil {
		return "", nil, cleanError(err)
	}
	joined, err := handle.Get_path()
	if err != nil {
		return "", nil, cleanError(err)
	}
	return qemu, filepath.SplitList(joined), nil
}

// packageDatabases are the files whose change lets supermin build again.
var packageDatabases = []string{"/var/lib/dpkg/status", "/var/lib/rpm/Packages", "/var/lib/rpm/rpmdb.sqlite"}

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
