//go:build cgo && linux

package guest

/*
#cgo LDFLAGS: -lguestfs
#include <stddef.h>
#include <guestfs.h>
*/
import "C"

import (
	"reflect"
	"runtime"

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
	if pointer := pointerOf(handle); pointer != nil {
		C.guestfs_set_error_handler(pointer, nil, nil)
	}
}

// pointerOf is the C handle, which the binding keeps to itself. It is nil with
// another binding, which then does without what needs it.
func pointerOf(handle *guestfs.Guestfs) *C.guestfs_h {
	field := reflect.ValueOf(handle).Elem().FieldByName("g")
	if !field.IsValid() || field.Kind() != reflect.Pointer {
		return nil
	}
	return (*C.guestfs_h)(field.UnsafePointer())
}
