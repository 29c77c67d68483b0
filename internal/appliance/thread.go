//go:build cgo && linux

package appliance

/*
#cgo LDFLAGS: -lguestfs
#include <stddef.h>
#include <guestfs.h>
*/
import "C"

import (
	"reflect"
	"runtime"
	"unsafe"

	"libguestfs.org/guestfs"
)

// holdThread makes ready for calls on the handle and returns what to do after
// them. Libguestfs keeps its errors by thread, and the binding fetches an
// error in a second C call.
func holdThread(handle *guestfs.Guestfs) (release func()) {
	runtime.LockOSThread()
	quiet(handle)
	return runtime.UnlockOSThread
}

// quiet stops libguestfs from writing every error of this thread to the
// process's standard error stream: errors are returned, and many, such as a
// missing file, are expected. The binding has no call for it.
func quiet(handle *guestfs.Guestfs) {
	if pointer := cHandle(handle); pointer != nil { // else noise does no harm
		C.guestfs_set_error_handler((*C.guestfs_h)(pointer), nil, nil)
	}
}

// cHandle is the C handle, or nil if this is another binding.
func cHandle(handle *guestfs.Guestfs) unsafe.Pointer {
	field := reflect.ValueOf(handle).Elem().FieldByName("g")
	if !field.IsValid() || field.Kind() != reflect.Pointer {
		return nil
	}
	return field.UnsafePointer()
}
