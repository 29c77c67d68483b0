package offline

import (
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/blockfs"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// Menus reads the menus of boot loaders on all file systems: what tells several
// systems apart.
func (v *View) Menus() ([]guest.Menu, error) {
	var menus []guest.Menu
	for _, device := range v.Devices {
		if mounted, ok := v.filesystems[device.Name]; ok {
			f := files{blockfs.NewTree(mounted)}
			menus = append(menus, guest.FindMenus(device.Name, f.ReadDir, f.ReadFile)...)
		}
	}
	return menus, nil
}
