package kernel

import (
	"io"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/initramfs"
)

// ReadInitramfs reads an image of the guest as it is on its disk.
func ReadInitramfs(e *edit.Reader, name string) (*initramfs.Image, error) {
	reader, writer := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := e.Download(name, writer)
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
