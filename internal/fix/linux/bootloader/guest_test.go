package bootloader

import (
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/bootable"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

var testNames = devname.New(guesttest.Devices, guesttest.Mounts)

// testScope has one kernel, /boot/vmlinuz-ours.
var testScope = bootScope{
	names:     testNames,
	hasKernel: func(image string) bool { return image == "/boot/vmlinuz-ours" || image == "/vmlinuz-ours" },
}

// testEditor is of a guest with the devices of testNames.
func testEditor(t *testing.T, files map[string]string) *edit.Editor {
	t.Helper()
	return edittest.New(t, edit.Guest{FS: guesttest.New(t, files), Mounts: guesttest.Mounts})
}

// verify is what the fix stage makes of a configuration in the end: an error where that
// starts nothing.
func verify(c *Configuration) (needsOldDisk bool, err error) {
	if err := c.Verify(); err != nil {
		return false, err
	}
	if err := c.WarnUnifiedImages(); err != nil {
		return false, err
	}
	return bootable.New(c.edit, c.names, bootable.Start{Firmware: c.firmware}).Require("")
}
