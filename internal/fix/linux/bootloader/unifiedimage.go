package bootloader

import (
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// WarnUnifiedImages looks into unified kernel images. Their parameters cannot
// be edited: the image may be signed, and is measured.
func (c *Configuration) WarnUnifiedImages() error {
	images, err := menu.UnifiedImages(c.edit.Reader)
	if err != nil {
		return err
	}
	for _, image := range images {
		cmdline, err := menu.UnifiedCmdline(c.edit.Reader, image)
		if err != nil {
			c.edit.Warn(report.ConcernFileNotRead, fmt.Sprintf("the kernel parameters inside of %s could not be read: %s", image, err),
				"start that image on the new machine before the old one is given up; if nothing needs it, remove it in the guest")
			continue
		}
		editor := cmdlineEditor{names: c.names}
		if editor.editCmdline(cmdline) != cmdline || len(editor.findings) > 0 {
			c.edit.Warn(report.ConcernUnifiedImage, image+" names devices of the old machine in its kernel parameters, which cannot be edited",
				"build it anew in the guest with root=UUID= before the migration, boot another entry, or attach its disk to a SATA controller, if it was a SCSI or SATA disk")
		}
	}
	return nil
}
