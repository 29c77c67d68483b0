package qemuimg

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// Server is a running qemu-nbd that lets one image be read over NBD, with all
// that lies below it.
type Server struct {
	ctx       context.Context
	action    string
	directory *os.File // which holds the socket
	socket    string
	process   *os.Process
	end       func() bool   // ends the watch on ctx
	ended     chan struct{} // closed when the process has
	exit      error
	stderr    limitedBuffer
	closing   sync.Once
	failure   error
}

// socketName is what the socket is called in its directory.
const socketName = "nbd.sock"

// Serve starts qemu-nbd for so many clients. They find it at a socket in
// directory, which must be of this run alone and private to its user: whoever
// can reach the socket can read the image. The server ends when the last client
// has gone, when ctx is cancelled, and with this process. Close must be called.
func Serve(ctx context.Context, image Image, directory string, clients int) (*Server, error) {
	s := &Server{
		ctx:    ctx,
		action: fmt.Sprintf("reading %s as %s", image.Path, image.Format),
		ended:  make(chan struct{}),
		stderr: limitedBuffer{limit: 64 << 10},
	}
	filename, err := image.Filename()
	if err != nil {
		return nil, err
	}
	path, err := exec.LookPath("qemu-nbd")
	if err != nil {
		return nil, remedy.With(&Error{Action: s.action, Err: err}, "install qemu-nbd (Debian, Ubuntu: qemu-utils; Fedora, RHEL: qemu-img)")
	}
	listener, err := s.listen(directory)
	if err == nil {
		err = s.start(listener, path, "--read-only", "--shared="+strconv.Itoa(clients), "--format="+image.Format, "--", filename)
	}
	if err != nil {
		s.removeSocket()
		return nil, &Error{Action: s.action, Err: err}
	}
	return s, nil
}

// listen makes the socket. Its address may be 107 bytes long and the directory
// lie deeper, so that it is named by the open directory.
func (s *Server) listen(directory string) (*os.File, error) {
	var err error
	if s.directory, err = os.Open(directory); err != nil {
		return nil, err
	}
	s.socket = filepath.Join("/proc/self/fd", strconv.FormatUint(uint64(s.directory.Fd()), 10), socketName)
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: s.socket, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("making a socket in %s: %w", directory, err)
	}
	listener.SetUnlinkOnClose(false)
	defer func() { _ = listener.Close() }()
	return listener.File()
}

// start runs qemu-nbd and hands it the socket in the way of systemd, so that it
// can be reached at once. The shell tells it its own process id.
func (s *Server) start(listener *os.File, path string, args ...string) error {
	cmd := exec.Command("/bin/sh", append([]string{"-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"`, path}, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	cmd.ExtraFiles = []*os.File{listener}
	cmd.Stderr = &s.stderr
	cmd.WaitDelay = outputDelay
	bindToParent(cmd)

	started := make(chan error)
	go func() {
		// See command.run: the thread has to stay. It is given back, because the
		// children of one that ends go to another thread.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		// Clients must notice when the only one who listens has gone.
		_ = listener.Close()
		started <- err
		if err != nil {
			return
		}
		s.exit = cmd.Wait()
		close(s.ended)
	}()
	if err := <-started; err != nil {
		return err
	}
	s.process = cmd.Process
	s.end = context.AfterFunc(s.ctx, func() { _ = s.process.Kill() })
	return nil
}

// Dial connects a client.
func (s *Server) Dial() (net.Conn, error) {
	conn, err := net.Dial("unix", s.socket)
	if err != nil {
		return nil, &Error{Action: s.action, Err: fmt.Errorf("connecting to qemu-nbd: %w", err)}
	}
	return conn, nil
}

// Close ends the server and removes its socket. Where the server failed before,
// the error says why: what its clients saw was no more than its end.
func (s *Server) Close() error {
	s.closing.Do(func() {
		s.end()
		asked := true
		select {
		case <-s.ended:
			asked = false
		default:
			_ = s.process.Kill()
			<-s.ended
		}
		s.removeSocket()
		var exit *exec.ExitError
		switch {
		case s.ctx.Err() != nil:
			s.failure = fmt.Errorf("%s: %w", s.action, context.Cause(s.ctx))
		case errors.As(s.exit, &exit) && (!asked || exit.Exited()):
			s.failure = newError(s.action, s.stderr.kept.String(), s.exit)
		}
	})
	return s.failure
}

func (s *Server) removeSocket() {
	if s.directory == nil {
		return
	}
	if s.socket != "" {
		_ = os.Remove(s.socket)
	}
	_ = s.directory.Close()
}
