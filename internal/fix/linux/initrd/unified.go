package initrd

import (
	"bytes"
	"io"
	"os"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/bootloader"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/kernel"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/initramfs"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/unifiedimage"
)

// read reads the initramfs from a copy of its file. It stays nil where a unified kernel
// image has none.
func (p *imageRepair) read(file *os.File) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if !p.kernel.Unified() {
		image, err := initramfs.Read(file)
		p.image = image
		return err
	}
	p.sealed = inUnified("that cannot be read")
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if p.unified, err = unifiedimage.Open(file, info.Size()); err != nil {
		return err
	}
	if p.image, err = kernel.InsideUnified(p.unified); err != nil || p.image == nil {
		return err
	}
	p.sealed = seal{}
	if err := p.unified.Changeable(unifiedimage.Initramfs, p.image.Size); err != nil {
		p.sealed = inUnified(err.Error())
	} else if p.mode == ModeRebuild {
		p.sealed = inUnified("no tool of the guest is known to build that anew")
	}
	return nil
}

// place says what in its file an initramfs is.
func (p *imageRepair) place() string {
	if p.unified == nil {
		return ""
	}
	return " of its section " + unifiedimage.Initramfs
}

// appendInside puts data behind the initramfs, of size bytes, in a unified kernel image.
// The file is written anew and swapped in.
func appendInside(e *edit.Editor, name string, image *unifiedimage.Image, size int64, data []byte) error {
	section, _, err := image.Section(unifiedimage.Initramfs)
	if err != nil {
		return err
	}
	added := int64(len(data))
	return bootloader.ReplaceSection(e, name, image, unifiedimage.Initramfs, io.MultiReader(section, bytes.NewReader(data)), size+added)
}
