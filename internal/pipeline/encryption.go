package pipeline

import (
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// noSystem says why no operating system was found, as far as that can be told.
func noSystem(on system, keys []manifest.LUKSKey) error {
	devices := on.devices
	for _, device := range devices.Locked() {
		return remedy.With(fmt.Errorf("%w that can be read: %s is encrypted with LUKS, and %s",
			errNoSystem, where(device), whyLocked(keys)), giveKey(device))
	}
	for _, device := range devices {
		if device.FSType == "BitLocker" {
			return remedy.With(fmt.Errorf("%w that can be read: %s is encrypted with BitLocker, which cannot be opened here",
				errNoSystem, where(device)),
				"decrypt it in the guest (manage-bde -off C:) and take its disk again; to convert it as it is, switch the fix stage off")
		}
	}
	for _, disk := range on.disks {
		if disk.IsDynamic() {
			return remedy.With(fmt.Errorf("%w that can be read: %s is a dynamic disk of Windows, whose volumes cannot be found here", errNoSystem, disk.Name),
				"move Windows to a basic disk on its old machine and take its disk again; to convert it as it is, switch the fix stage off")
		}
	}
	return remedy.With(errNoSystem,
		"check that source.path is the disk the machine boots from; to convert it as it is, switch the fix stage off")
}

// warnLocked tells of encrypted devices beside the system that stay closed.
func warnLocked(say *reporter, devices guest.Devices, keys []manifest.LUKSKey) {
	for _, device := range devices.Locked() {
		say.find(report.ConcernEncrypted, fmt.Sprintf("%s is encrypted with LUKS and was not looked into: %s", where(device), whyLocked(keys)), giveKey(device))
	}
}

// withKey adds what to do to a failure that a closed device may be the cause of.
func withKey(err error, devices guest.Devices, keys []manifest.LUKSKey) error {
	for _, device := range devices.Locked() {
		return remedy.With(fmt.Errorf("%w (%s is encrypted with LUKS, and %s)", err, where(device), whyLocked(keys)), giveKey(device))
	}
	return err
}

func whyLocked(keys []manifest.LUKSKey) string {
	if len(keys) == 0 {
		return "no key was given"
	}
	return "no key of source.luks_keys is for it or opens it"
}

func giveKey(device guest.Device) string {
	name := device.StableName(guest.TagUUID)
	if name == "" {
		name = manifest.EveryDevice
	}
	return fmt.Sprintf("give its passphrase in source.luks_keys, with device %q and key or key_file; "+
		"to convert the disk as it is, switch the fix stage off", name)
}

// where describes a device for somebody who knows the machine, not the
// appliance.
func where(device guest.Device) string {
	place := device.Name
	switch device.Kind {
	case guest.KindPartition:
		place = fmt.Sprintf("partition %d of disk %d", device.Partition, device.Disk+1)
	case guest.KindDisk:
		place = fmt.Sprintf("disk %d", device.Disk+1)
	}
	if device.UUID != "" {
		place += " (UUID=" + device.UUID + ")"
	}
	return place
}
