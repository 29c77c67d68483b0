//go:build cgo && linux

package appliance

import (
	"errors"
	"fmt"
	"strings"

	"libguestfs.org/guestfs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// OpenLUKS opens the LUKS containers that keys are given for and activates the
// volume groups inside them. A container that no key is meant for stays
// locked; a key that is meant for one device and does not open it is an error.
// It must come before Inspect.
func (s *Session) OpenLUKS(keys []guest.Key) error {
	return s.call("open the encrypted devices", "", func(g *guestfs.Guestfs) error {
		devices, err := s.listDevices(g)
		if err != nil {
			return err
		}
		locked := devices.Locked()
		for _, key := range keys {
			if key.Device == "" {
				continue
			}
			if device, ok := devices.Resolve(key.Device); !ok {
				return fmt.Errorf("a key is given for %s, which no disk of the source has", key.Device)
			} else if device.FSType != guest.FSTypeLUKS {
				return fmt.Errorf("a key is given for %s, which is not encrypted with LUKS", key.Device)
			}
		}
		for _, device := range locked {
			if err := s.unlock(g, device, keysFor(device, devices, keys)); err != nil {
				return err
			}
		}
		if len(s.opened) == 0 {
			return nil
		}
		s.devices = nil
		return g.Lvm_scan(true)
	})
}

// unlock tries the keys on one container.
func (s *Session) unlock(g *guestfs.Guestfs, device guest.Device, keys []guest.Key) error {
	if len(keys) == 0 {
		return nil
	}
	name := "luks-" + device.UUID
	var err error
	for _, key := range keys {
		err = g.Cryptsetup_open(device.Name, key.Passphrase, name, nil)
		if err != nil && strings.Contains(err.Error(), "not available") {
			err = g.Luks_open(device.Name, key.Passphrase, name)
		}
		if err == nil {
			s.opened[device.Name] = "/dev/mapper/" + name
			s.devices = nil
			return nil
		}
		if s.ctx.Err() != nil {
			return err
		}
	}
	for _, key := range keys {
		if key.Device != "" {
			return fmt.Errorf("the key that is given for %s does not open it: %w", key.Device, openError(err))
		}
	}
	return nil
}

// openError is cryptsetup's reason, which never holds the key.
func openError(err error) error {
	err = cleanError(err)
	if strings.Contains(err.Error(), "No key available") {
		return errors.New("no key slot takes this passphrase")
	}
	return err
}

// keysFor returns the keys that are meant for the device, the ones that name
// it first.
func keysFor(device guest.Device, devices guest.Devices, keys []guest.Key) []guest.Key {
	var named, general []guest.Key
	for _, key := range keys {
		if key.Device == "" {
			general = append(general, key)
		} else if found, ok := devices.Resolve(key.Device); ok && found.Name == device.Name {
			named = append(named, key)
		}
	}
	return append(named, general...)
}
