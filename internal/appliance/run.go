//go:build cgo && linux

package appliance

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"libguestfs.org/guestfs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// inputFile carries standard input to a guest program. It lies in the
// appliance's /dev, which is kept in memory and which libguestfs shows to guest
// programs as their own: no input ever reaches a disk of the guest.
const inputFile = "/dev/.input"

// withInput makes the guest's shell run its arguments with inputFile ($0) as
// standard input.
const withInput = `exec "$@" <"$0"`

// Programs runs the programs of the mounted guest.
type Programs struct{ *connection }

var _ guest.Runner = (*Programs)(nil)

// Run implements Runner. The guest's /dev, /proc and /sys are those of the
// appliance while the program runs.
func (p *Programs) Run(argv ...string) (string, error) {
	if len(argv) == 0 {
		return "", guest.ErrNoCommand
	}
	var output string
	err := p.call("run", argv[0], func(g *guestfs.Guestfs) (err error) {
		output, err = g.Command(argv)
		return err
	})
	return output, err
}

// RunInput implements Runner. The guest needs a /bin/sh.
func (p *Programs) RunInput(input []byte, argv ...string) (string, error) {
	if len(argv) == 0 {
		return "", guest.ErrNoCommand
	}
	var output string
	err := p.call("run", argv[0], func(g *guestfs.Guestfs) error {
		// Nothing that runs later shall find it.
		defer func() { _, _ = g.Debug("sh", []string{"rm -f " + inputFile}) }()
		err := uploadStream(bytes.NewReader(input), func(file string) error {
			return g.Debug_upload(file, inputFile, 0o600)
		})
		if err != nil {
			return err
		}
		output, err = g.Command(append([]string{"/bin/sh", "-c", withInput, inputFile}, argv...))
		return err
	})
	return output, err
}

// uploadStream gives r to upload as a file name: libguestfs takes no readers,
// and a pipe keeps the content off the host's disks.
func uploadStream(r io.Reader, upload func(file string) error) error {
	in, out, err := os.Pipe()
	if err != nil {
		return err
	}
	copied := make(chan error, 1)
	go func() {
		_, err := io.Copy(out, r)
		copied <- errors.Join(err, out.Close())
	}()
	err = upload(fmt.Sprintf("/dev/fd/%d", in.Fd()))
	_ = in.Close()
	copyErr := <-copied
	if err != nil {
		return err // the writer's broken pipe only follows from it
	}
	return copyErr
}
