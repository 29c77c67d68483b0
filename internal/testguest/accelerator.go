package testguest

import (
	"context"
	"sync"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/boot"
)

// workingAccelerator returns kvm where it really runs a machine, else tcg: the
// verdict is the one that the appliance goes by, for the QEMU that boots guests.
var workingAccelerator = sync.OnceValue(func() string {
	program, err := boot.Program()
	if err != nil || appliance.KVM(context.Background(), program) != "" {
		return "tcg"
	}
	return "kvm"
})
