package pipeline

import (
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

// openEncrypted opens the guest's encrypted devices with the keys of
// source.luks_keys.
func (r *run) openEncrypted() error {
	var keys []guest.Key
	for n, key := range r.manifest.Source.LUKSKeys {
		passphrases, err := key.Passphrases()
		if err != nil {
			return fmt.Errorf("source.luks_keys[%d].key_file: %w", n, err)
		}
		device := key.Device
		if device == manifest.EveryDevice {
			device = ""
		}
		for _, passphrase := range passphrases {
			keys = append(keys, guest.Key{Device: device, Passphrase: passphrase})
		}
	}
	if len(keys) == 0 {
		return nil
	}
	r.progress(60, "opening the encrypted devices")
	if err := r.session.OpenLUKS(keys); err != nil {
		return withRemedy(fmt.Errorf("source.luks_keys: %w", err),
			"give each encrypted device its own passphrase, by the UUID that `cryptsetup luksUUID` or `blkid` shows in the guest")
	}
	return nil
}

// noSystem says why no operating system was found, as far as that can be told.
func (r *run) noSystem() error {
	for _, device := range r.system.devices.Locked() {
		return withRemedy(fmt.Errorf("%w that can be read: %s is encrypted with LUKS, and %s",
			errNoSystem, where(device), r.whyLocked()), giveKey(device))
	}
	for _, device := range r.system.devices {
		if device.FSType == "BitLocker" {
			return withRemedy(fmt.Errorf("%w that can be read: %s is encrypted with BitLocker, which cannot be opened here",
				errNoSystem, where(device)),
				"decrypt it in the guest (manage-bde -off C:) and take its disk again; to convert it as it is, switch the fix stage off")
		}
	}
	return withRemedy(errNoSystem,
		"check that source.path is the disk the machine boots from; to convert it as it is, switch the fix stage off")
}

// warnLocked tells of encrypted devices beside the system that stay closed.
func (r *run) warnLocked() {
	for _, device := range r.system.devices.Locked() {
		r.warn(fmt.Sprintf("%s is encrypted with LUKS and was not looked into: %s", where(device), r.whyLocked()), giveKey(device))
	}
}

// withKey adds what to do to a failure that a closed device may be the cause of.
func (r *run) withKey(err error) error {
	for _, device := range r.system.devices.Locked() {
		return withRemedy(fmt.Errorf("%w (%s is encrypted with LUKS, and %s)", err, where(device), r.whyLocked()), giveKey(device))
	}
	return err
}

func (r *run) whyLocked() string {
	if len(r.manifest.Source.LUKSKeys) == 0 {
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
