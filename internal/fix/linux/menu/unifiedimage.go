package menu

import (
	"fmt"
	"os"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/unifiedimage"
)

// OpenUnified reads the headers of a unified kernel image of the guest. The file, which
// the caller closes, has a copy of it.
func OpenUnified(e *edit.Reader, name string) (image *unifiedimage.Image, file *os.File, err error) {
	if file, err = e.ScratchFile(); err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			_ = file.Close()
		}
	}()
	if err := e.Download(name, file); err != nil {
		return nil, nil, fmt.Errorf("cannot read %s in the guest: %w", name, err)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, nil, err
	}
	image, err = unifiedimage.Open(file, info.Size())
	return image, file, err
}

// UnifiedCmdline are the parameters that the kernel of a unified kernel image gets.
func UnifiedCmdline(e *edit.Reader, name string) (string, error) {
	image, file, err := OpenUnified(e, name)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	return image.Text(unifiedimage.Cmdline)
}
