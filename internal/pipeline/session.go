package pipeline

import (
	"context"
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// session is the appliance of a run, once a stage has launched it. All stages
// share it: a second launch would cost more than most fixes.
type session struct {
	*appliance.Session
	running bool
	// release ends the context that the appliance runs in; nil before there is one.
	release func()
}

// launch launches the appliance over the overlays.
func (s *session) launch(ctx context.Context, j job, o opened, overlays []string) error {
	var drives []appliance.Drive
	for n, overlay := range overlays {
		drives = append(drives, appliance.Drive{
			Path: overlay, Format: "qcow2", Serial: o.source.Disks[n].Serial, SectorSize: o.unusualSector(n),
		})
	}
	j.say.progress(1, "launching the appliance")
	launched, err := j.host.launch(ctx, drives, appliance.Options{
		TempDir:      o.artifacts.Dir(),
		Acceleration: j.options.Acceleration,
		Layers:       j.boots(),
	})
	if err != nil {
		return err
	}
	s.Session, s.running = launched, true
	if _, reason := s.Accelerator(); reason != "" {
		j.say.find(report.ConcernKVM, "KVM acceleration is not usable, so the appliance runs emulated (TCG), which is slower: "+reason,
			"make KVM work on this host (if that is a virtual machine: allow nested virtualisation), or set acceleration to tcg to accept emulation")
	}
	return nil
}

// unlock opens the guest's encrypted devices with the keys of source.luks_keys.
func (s *session) unlock(say *reporter, given []manifest.LUKSKey) error {
	var keys []guest.Key
	err := eachPassphrase(given, func(device, passphrase string) {
		keys = append(keys, guest.Key{Device: device, Passphrase: passphrase})
	})
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		return nil
	}
	say.progress(60, "opening the encrypted devices")
	if err := s.OpenLUKS(keys); err != nil {
		return remedy.With(fmt.Errorf("source.luks_keys: %w", err),
			"give each encrypted device its own passphrase, by the UUID that `cryptsetup luksUUID` or `blkid` shows in the guest")
	}
	return nil
}

// eachPassphrase reads the keys. The device is empty for those of every one.
func eachPassphrase(keys []manifest.LUKSKey, use func(device, passphrase string)) error {
	for n, key := range keys {
		passphrases, err := key.Passphrases()
		if err != nil {
			return fmt.Errorf("source.luks_keys[%d].key_file: %w", n, err)
		}
		device := key.Device
		if device == manifest.EveryDevice {
			device = ""
		}
		for _, passphrase := range passphrases {
			use(device, passphrase)
		}
	}
	return nil
}

// end ends the appliance, if it runs, so that the overlays hold all that was
// written and can be read.
func (s *session) end() error {
	if s.release != nil {
		defer s.release()
	}
	if !s.running {
		return nil
	}
	s.running = false
	if err := s.Close(); err != nil {
		return fmt.Errorf("closing the appliance: %w", err)
	}
	return nil
}
