package fix

import (
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

var testNames = devname.New(guesttest.Devices, guesttest.Mounts)

// testScope has one kernel, /boot/vmlinuz-ours.
var testScope = bootScope{
	names:     testNames,
	hasKernel: func(image string) bool { return image == "/boot/vmlinuz-ours" || image == "/vmlinuz-ours" },
}
