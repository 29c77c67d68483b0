package initrd

import (
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/bootloader"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/initramfs"
)

// staleReferences is what an initramfs says of devices that the new machine
// does not have.
type staleReferences struct {
	files     map[string]string // configuration files with the names put right
	specs     []string          // the names that were replaced or dropped
	cardNames []string          // files that name network cards
	unknown   []string          // the names that no disk of the guest answers to, and that stay
	waits     []string          // devices waited for in ways that only a rebuild ends
}

// findStale goes through the configuration inside an image.
func findStale(names devname.Names, image *initramfs.Image) staleReferences {
	s := staleReferences{files: map[string]string{}}
	for _, name := range image.Texts() {
		text, _ := image.Text(name)
		fixed := text
		switch name {
		case "etc/lvm/lvm.conf", "etc/lvm/lvmlocal.conf":
			if filtered, err := bootloader.EditLVM(text, names); err == nil {
				fixed = filtered
			}
		case "etc/mdadm.conf", "etc/mdadm/mdadm.conf":
			fixed = bootloader.EditMdadm(text)
		default:
			if path.Dir(name) == "etc/lvm/devices" {
				s.ignoreLVMDevices(text, image)
				continue
			}
			fixed = initramfs.RewriteDevices(name, text, s.rename(names))
		}
		if fixed != text {
			s.files[name] = fixed
		}
	}
	for _, reference := range image.References() {
		if reference.Wait && names.IsGone(reference.Spec) && !slices.Contains(s.waits, reference.Spec) {
			s.waits = append(s.waits, reference.Spec)
		}
	}
	return s
}

// rename gives a device its stable name. A resume device that is on no disk is
// dropped: the image would wait for it at each boot.
func (s *staleReferences) rename(names devname.Names) func(initramfs.Reference) (string, bool) {
	return func(reference initramfs.Reference) (string, bool) {
		spec := reference.Spec
		if devname.IsStale(spec) {
			name, err := names.Stable(spec, devname.AsTag)
			switch {
			case err == nil && name == spec: // it holds on the new machine
				return spec, true
			case err == nil:
				s.replaced(spec)
				return name, true
			}
			s.unknown = appendMissing(s.unknown, spec)
		}
		if strings.EqualFold(reference.Key, "resume") && names.IsGone(spec) {
			s.replaced(spec)
			return "", false
		}
		return spec, true
	}
}

func (s *staleReferences) replaced(spec string) {
	s.specs = appendMissing(s.specs, spec)
}

// ignoreLVMDevices makes the LVM in an image use every disk. A file cannot be
// taken out of an image, but LVM can be told to leave its list alone.
func (s *staleReferences) ignoreLVMDevices(list string, image *initramfs.Image) {
	const local = "etc/lvm/lvmlocal.conf"
	const ignore = "devices {\n\tuse_devicesfile = 0\n}\n"
	text, _ := image.Text(local)
	if !strings.Contains(list, "IDTYPE=") || strings.Contains(text, ignore) {
		return
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "devices") {
			s.waits = append(s.waits, "the disks in LVM's list of devices")
			return
		}
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	s.files[local] = text + ignore
	s.specs = append(s.specs, "LVM's list of devices")
}
