package bootloader

import (
	"debug/pe"
	"errors"
	"fmt"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// warnUnifiedImages looks into unified kernel images. Their parameters cannot
// be edited: the image may be signed, and is measured.
func (c *Configuration) warnUnifiedImages() error {
	images, err := menu.UnifiedImages(c.edit)
	if err != nil {
		return err
	}
	for _, image := range images {
		cmdline, err := unifiedCmdline(c.edit, image)
		if err != nil {
			c.edit.Warn(report.ConcernFileNotRead, fmt.Sprintf("the kernel parameters inside of %s could not be read: %s", image, err), "")
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

// unifiedCmdline returns the section .cmdline of an image.
func unifiedCmdline(e *edit.Editor, image string) (string, error) {
	temp, err := e.ScratchFile()
	if err != nil {
		return "", err
	}
	defer func() { _ = temp.Close() }()
	if err := e.Download(image, temp); err != nil {
		return "", err
	}
	file, err := pe.NewFile(temp)
	if err != nil {
		return "", fmt.Errorf("it is no EFI program: %w", err)
	}
	section := file.Section(".cmdline")
	if section == nil {
		return "", nil
	}
	if section.Size > edit.MaxText {
		return "", errors.New("they are too long")
	}
	data, err := section.Data()
	if err != nil {
		return "", err
	}
	return strings.TrimRight(string(data), "\x00\n "), nil
}
