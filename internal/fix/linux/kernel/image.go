package kernel

import (
	"io"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/initramfs"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/unifiedimage"
)

// ReadInitramfs reads the initramfs of a kernel as it is on the guest's disk. It is nil
// where a unified kernel image has none.
func ReadInitramfs(e *edit.Reader, k Kernel) (*initramfs.Image, error) {
	if k.Unified() {
		image, file, err := menu.OpenUnified(e, k.Image)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		return InsideUnified(image)
	}
	reader, writer := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := e.Download(k.Initramfs, writer)
		_ = writer.CloseWithError(err)
		done <- err
	}()
	image, err := initramfs.Read(reader)
	_ = reader.CloseWithError(err)
	if downloaded := <-done; err == nil && downloaded != nil {
		err = downloaded
	}
	return image, err
}

// InsideUnified reads the initramfs in a unified kernel image, nil where it has none.
func InsideUnified(image *unifiedimage.Image) (*initramfs.Image, error) {
	section, ok, err := image.Section(unifiedimage.Initramfs)
	if err != nil || !ok {
		return nil, err
	}
	return initramfs.Read(section)
}
