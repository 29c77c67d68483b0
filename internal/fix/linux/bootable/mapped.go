package bootable

import "github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"

// MappedImages are the initramfs images, as paths in the guest, that a loader reads from
// where they lay when its own program was run: LILO keeps the numbers of their blocks.
// One that is written anew lies elsewhere, and its old blocks are free.
func (g *Guest) MappedImages() ([]string, error) {
	menus, err := g.menus()
	if err != nil {
		return nil, err
	}
	var images []string
	for _, m := range menus {
		if m.Loader != menu.LILO {
			continue
		}
		for _, e := range m.Entries {
			for _, image := range e.Initramfs {
				if image.State == menu.Found {
					images = append(images, image.Path)
				}
			}
		}
	}
	return images, nil
}
