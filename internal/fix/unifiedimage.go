package fix

import (
	"debug/pe"
	"errors"
	"fmt"
	"strings"
)

// unifiedImages are where Linux kernels lie that are one EFI program together
// with their initramfs and parameters.
var unifiedImages = []string{"/boot/efi/EFI/Linux", "/efi/EFI/Linux", "/boot/EFI/Linux"}

// warnUnifiedImages looks into unified kernel images. Their parameters cannot
// be edited: the image may be signed, and is measured.
func (r *run) warnUnifiedImages() error {
	for _, directory := range unifiedImages {
		images, err := r.list(directory, "*.[eE][fF][iI]")
		if err != nil {
			return err
		}
		for _, image := range images {
			cmdline, err := r.unifiedCmdline(image)
			if err != nil {
				r.warn(fmt.Sprintf("the kernel parameters inside of %s could not be read: %s", image, err), "")
				continue
			}
			c := cmdlineEditor{names: r.names}
			if c.editCmdline(cmdline) != cmdline || len(c.findings) > 0 {
				r.warn(image+" names devices of the old machine in its kernel parameters, which cannot be edited",
					"build it anew in the guest with root=UUID= before the migration, or boot another entry")
			}
		}
	}
	return nil
}

// unifiedCmdline returns the section .cmdline of an image.
func (r *run) unifiedCmdline(image string) (string, error) {
	temp, err := scratchFile(r.target.Scratch)
	if err != nil {
		return "", err
	}
	defer func() { _ = temp.Close() }()
	if err := r.fs.Download(image, temp); err != nil {
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
	if section.Size > maxText {
		return "", errors.New("they are too long")
	}
	data, err := section.Data()
	if err != nil {
		return "", err
	}
	return strings.TrimRight(string(data), "\x00\n "), nil
}
