package esp

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// installUnified has firmware start the newest unified kernel image, where there is no
// loader that would. done is false where there is no such image, or no room for a second.
func (f fallback) installUnified(dead string) (done bool, err error) {
	images, err := menu.UnifiedImages(f.edit.Reader)
	if err != nil {
		return false, err
	}
	images = slices.DeleteFunc(images, func(image string) bool {
		return !strings.HasPrefix(image, f.mount+"/") || inFallbackDirectory(image)
	})
	slices.SortStableFunc(images, func(a, b string) int {
		if spare := spareRank(a) - spareRank(b); spare != 0 {
			return spare
		}
		return menu.CompareVersions(path.Base(b), path.Base(a))
	})
	for _, image := range images {
		if done, err := f.copyUnified(image, dead); done || err != nil {
			return done, err
		}
	}
	return false, nil
}

// spareRank puts images for an emergency last.
func spareRank(image string) int {
	if name := strings.ToLower(path.Base(image)); strings.Contains(name, "fallback") || strings.Contains(name, "rescue") {
		return 1
	}
	return 0
}

// copyUnified copies an image to where firmware looks; done is false where it is none for
// the guest's processor, or has no room there.
func (f fallback) copyUnified(name, dead string) (done bool, err error) {
	image, file, err := menu.OpenUnified(f.edit.Reader, name)
	if err != nil {
		return false, nil // told when its parameters are verified
	}
	defer func() { _ = file.Close() }()
	if image.Machine() != machines[f.suffix] {
		return false, nil
	}
	to := f.place(f.name())
	if dead != "" {
		if err := f.edit.Keep(to); err != nil {
			return false, err
		}
		dead = ": what was there " + dead
	}
	if err := f.edit.MakeDirectory(path.Dir(to), 0o755); err != nil {
		return false, err
	}
	if err := f.edit.Upload(to, io.NewSectionReader(file, 0, image.Size()), 0o600); err != nil {
		known, full := f.edit.SpaceFor(path.Dir(to), image.Size())
		if !known || full == nil {
			return false, fmt.Errorf("cannot write %s in the guest: %w", to, err)
		}
		return false, nil
	}
	f.edit.Record(report.Change{
		Path: to, Action: report.ActionCreated,
		Description: "install " + name + " where firmware without boot entries looks for a loader" + dead,
	})
	f.edit.Warn(report.ConcernFallbackLoader, "no boot loader is on the EFI system partition "+f.mount+", so that firmware without boot entries starts a copy of "+name+", "+to+": updates of the guest do not renew that",
		"on the new machine, have the firmware start the image itself (efibootmgr --create --loader), or install a boot loader (bootctl install)")
	return true, nil
}
