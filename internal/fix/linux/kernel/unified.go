package kernel

import "github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"

// unifiedDirectories are where Linux kernels lie that are one EFI program
// together with their initramfs and parameters: below each mount point that the
// EFI system partition has.
var unifiedDirectories = []string{"/boot/efi/EFI/Linux", "/efi/EFI/Linux", "/boot/EFI/Linux"}

// UnifiedImages finds the unified kernel images of a guest.
func UnifiedImages(e *edit.Editor) ([]string, error) {
	var found []string
	for _, directory := range unifiedDirectories {
		images, err := e.List(directory, "*.[eE][fF][iI]")
		if err != nil {
			return nil, err
		}
		found = append(found, images...)
	}
	return found, nil
}
