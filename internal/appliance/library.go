//go:build cgo && linux

package appliance

/*
#cgo LDFLAGS: -ldl
#include <dlfcn.h>
#include <stdlib.h>
*/
import "C"

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"unsafe"

	"libguestfs.org/guestfs"
)

// library is the name by which the dynamic loader finds libguestfs.
const library = "libguestfs.so.0"

// loadLibrary loads libguestfs. A program that `make build` made is not linked
// to it, so that it starts without it: internal/adr/0016. There, a call of the
// binding before this has succeeded ends the process.
var loadLibrary = sync.OnceValue(func() error {
	// The loader keeps its errors by thread.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	name := C.CString(library)
	defer C.free(unsafe.Pointer(name))
	// RTLD_NOW: what the library itself lacks is said here. RTLD_GLOBAL: the
	// binding's calls are bound to what it has.
	if C.dlopen(name, C.RTLD_NOW|C.RTLD_GLOBAL) != nil {
		return nil
	}
	return missing(fmt.Sprintf("libguestfs, which reads and changes guests, cannot be loaded (%s)", C.GoString(C.dlerror())),
		"install libguestfs (Debian, Ubuntu: libguestfs0; Fedora, RHEL: libguestfs)")
})

// newHandle makes a libguestfs handle; whoever has it closes it.
func newHandle() (*guestfs.Guestfs, error) {
	if err := loadLibrary(); err != nil {
		return nil, err
	}
	handle, err := guestfs.Create_flags(guestfs.CREATE_NO_ENVIRONMENT)
	if err != nil {
		return nil, fmt.Errorf("creating a libguestfs handle: %w", err)
	}
	defer holdThread(handle)()
	// By itself it stops reading the environment at the first directory that is
	// not there, and only writes a line about it: CheckHost says which those are.
	_, broken := checkEnvironment()
	if !exists(os.Getenv(runtimeVariable)) {
		broken = append(broken, runtimeVariable)
	}
	if err := handle.Parse_environment_list(environmentWithout(broken)); err != nil {
		return nil, errors.Join(fmt.Errorf("reading the environment of libguestfs: %w", cleanError(err)), handle.Close())
	}
	return handle, nil
}
