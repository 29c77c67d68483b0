package pipeline

import (
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/boot"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// publishAnyway ends what helps against a death.
const publishAnyway = "; or set pipeline.validate.boot.on_failure to warn to publish the image all the same"

// cures are what helps a guest that was prepared for its new machine, by what it
// has come to.
var cures = map[boot.State]string{
	boot.StateInitramfsShell: noRoot,
	boot.StateDeviceWait:     noRoot,
	boot.StateEmergency: "the console or the picture names the unit that failed, most often a line of /etc/fstab: mend it in the old machine, or give it the " +
		"option nofail, and migrate again",
	boot.StatePanic: "see the lines above its panic; where the root file system is not found, see the warnings of the fix stage on its initramfs",
	boot.StateGRUB:  "make sure that all disks of the machine are given, and see the warnings of the fix stage on the boot loader",
	boot.StateLoader: "make sure that all disks of the machine are given, and that it starts from the first of the images; a loader that is not known is not " +
		"edited",
	boot.StateNoBootDevice: "make sure that all disks of the machine are given, and that it starts from the first of the images; its OVF or VMX file tells " +
		"whether it needs UEFI",
	boot.StateExited: "see what it printed last: something in the guest switches it off",
	boot.StateResets: "see what it printed last; a guest that needs more restarts than three to come up has to be booted by hand once",
}

const noRoot = "its initramfs does not find the root file system: see the warnings of the fix stage, and set pipeline.fix.initramfs to rebuild to have it made " +
	"anew by the guest's own tool"

// cure is what can be done about a guest that has not come up. keys says that there
// are passphrases for it.
func (t target) cure(became *report.Boot, keys bool) string {
	state := boot.State(became.State)
	known, isDeath := cures[state]
	switch {
	case !t.fixed && isDeath && state != boot.StateExited && state != boot.StateResets:
		return "enable the fix stage, which prepares the guest for KVM" + publishAnyway
	case isDeath:
		return known + publishAnyway
	case state == boot.StatePassphrase && keys:
		return "check the passphrases in source.luks_keys; on a guest without a serial console they are typed as on a US keyboard, which has no characters but " +
			"those of ASCII"
	case state == boot.StatePassphrase:
		return "give the passphrase in source.luks_keys"
	case state == boot.StateTimer:
		return "run fewer migrations at once on this host, or one with KVM, and migrate again"
	case state == boot.StateStopped:
		return "make room on the file system of the output directory"
	default:
		return "raise pipeline.validate.boot.timeout_seconds if this host is slow; a serial console in the guest (console=ttyS0 on its kernel's command line) " +
			"tells more"
	}
}
