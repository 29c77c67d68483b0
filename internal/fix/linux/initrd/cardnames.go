package initrd

import (
	"fmt"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/initramfs"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// addCardNames adds the files that name network cards and that the image lacks
// or has otherwise.
func (p *imageRepair) addCardNames(s *staleReferences) error {
	for _, name := range p.cardNames {
		text, ok, err := p.edit.Read(name)
		if err != nil {
			return err
		}
		if ok && lacksText(p.image, name, text) {
			s.files[inImage(name)] = text
			s.cardNames = append(s.cardNames, name)
		}
	}
	return nil
}

// warnCardNames tells of the files that an image does not have as it stays.
func (p *imageRepair) warnCardNames() error {
	for _, name := range p.cardNames {
		text, ok, err := p.edit.Read(name)
		if err != nil {
			return err
		}
		if ok && lacksText(p.image, name, text) {
			p.edit.Warn(report.ConcernCardEarly, fmt.Sprintf("the initramfs %s does not have %s: a network card that it configures may have another name in it", p.kernel.Initramfs, name),
				"have the guest's tool take that file into the initramfs (dracut: install_items), or, where the kernel's parameters name the card, by its new name there")
		}
	}
	return nil
}

func lacksText(image *initramfs.Image, name, text string) bool {
	has, ok := image.Text(inImage(name))
	return !ok || has != text
}

func inImage(name string) string { return strings.TrimPrefix(name, "/") }
