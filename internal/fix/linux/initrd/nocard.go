package initrd

import (
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// warnNoCard tells that the network card which stands in for a virtio one does not serve
// either: kernels for one hypervisor alone have no other driver than that of its card.
func warnNoCard(e *edit.Editor, version string) {
	e.Warn(report.ConcernHardwareCard, fmt.Sprintf("the default kernel %s is not seen to have a driver of a network card of the models virtio, e1000e, e1000 and rtl8139: the guest starts without a network", version),
		"install another kernel in the guest before the migration; or give the new machine a card that the kernel has a driver for (QEMU has VMware's as vmxnet3)")
}
