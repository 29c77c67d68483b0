package pipeline

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// findInMachine records what the old machine has that the new one will not have.
func findInMachine(say *reporter, m *report.Machine) {
	if m.Suspended {
		say.find(report.ConcernSuspended, "the old machine is suspended: its memory is in a file that is not migrated, and the guest starts as after a power cut",
			"resume it there, shut it down, and migrate it then")
	}
	for _, device := range m.Passthrough {
		switch device.Kind {
		case report.PassthroughSRIOV:
			say.find(report.ConcernSRIOV, fmt.Sprintf("the old machine has a network card by SR-IOV (%s): the new one gets an ordinary card in its place", device.Name),
				"give that card the same MAC address (machine.nics); or give the new machine one by SR-IOV")
		default:
			say.find(report.ConcernPassthrough, fmt.Sprintf("the old machine has a device of its host (%s), which the new one does not get", device.Name),
				"give the new machine such a device of its own host, if the guest needs it")
		}
	}
	findInDisks(say, m.Disks)
	if m.TPM {
		say.find(report.ConcernTPM, "the old machine has a TPM, whose keys stay behind: what the guest sealed with them cannot be opened on the new machine",
			"before the migration suspend BitLocker, or give LUKS a passphrase beside the TPM; give the new machine a TPM of its own")
	}
	if m.SecureBoot {
		say.find(report.ConcernSecureBoot, "the old machine starts with Secure Boot: the keys and boot entries in its NVRAM stay behind",
			"give the new machine Secure Boot with the keys of its boot loader enrolled; those of a distribution start with Microsoft's")
	}
	if m.CPUAffinity != "" {
		say.find(report.ConcernAffinity, "the old machine is bound to processors of its host ("+m.CPUAffinity+")", "")
	}
	if m.NUMAAffinity != "" {
		say.find(report.ConcernNUMA, "the old machine is bound to NUMA nodes of its host ("+m.NUMAAffinity+")", "")
	}
	if m.CPUHotPlug || m.MemoryHotPlug {
		say.find(report.ConcernHotPlug, "the old machine can be given processors or memory while it runs", "")
	}
	if m.USB {
		say.find(report.ConcernUSB, "the old machine has a USB controller; what is plugged into it does not come along", "")
	}
}

func findInDisks(say *reporter, disks []report.MachineDisk) {
	for _, disk := range disks {
		if disk.Shared {
			say.find(report.ConcernSharedDisk, fmt.Sprintf("%s at %s is shared with other machines: its image is this machine's alone", disk.File, disk.Place),
				"migrate all machines that share it while they are off, and give them one image on storage that can be shared")
		}
		switch {
		case disk.Discarding:
			say.find(report.ConcernDiscardingDisk, fmt.Sprintf("what was written to %s at %s was lost whenever the old machine stopped: it is kept now", disk.File, disk.Place),
				"attach that image so that it is not changed, such as with libvirt's <transient/>")
		case disk.Independent:
			say.find(report.ConcernIndependentDisk, fmt.Sprintf("snapshots of the old machine leave out %s at %s", disk.File, disk.Place), "")
		}
	}
	if slices.ContainsFunc(disks, func(disk report.MachineDisk) bool { return disk.Snapshot }) {
		say.find(report.ConcernSnapshot, "the old machine has snapshots: its present state is migrated, and they are not", "")
	}
}

// findInGuest records what is remarkable of a guest that was looked into.
func findInGuest(say *reporter, info report.Guest) {
	switch {
	case info.Type != "" && info.Type != "linux" && info.Type != kindWindows:
		say.find(report.ConcernOS, "the guest runs "+info.Type+", and fixes exist for Linux and Windows only",
			"disable pipeline.fix to convert it as it is, and prepare the guest for the devices of the new machine by hand")
	case info.Type == "linux" && info.Hostname == "":
		say.find(report.ConcernHostnameEmpty, "the guest has no host name", "")
	case info.Type == "linux" && isDefaultName(info.Hostname):
		say.find(report.ConcernHostnameDefault, "the guest's host name is a default: "+info.Hostname, "")
	}
}

// isDefaultName tells the names that installers give where nobody gives any.
func isDefaultName(hostname string) bool {
	first, _, _ := strings.Cut(strings.ToLower(hostname), ".")
	return first == "localhost"
}

// concernOf is the kind of concern that a failure is of, or "".
func concernOf(err error) report.ConcernID {
	if errors.Is(err, appliance.ErrHibernated) {
		return report.ConcernHibernated
	}
	return report.ConcernOf(err)
}
