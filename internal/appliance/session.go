//go:build cgo && linux

package appliance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"libguestfs.org/guestfs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/parttable"
)

// Session is one run of the libguestfs appliance over the guest's disks. It is
// safe for concurrent use, but the appliance does one thing at a time.
type Session struct {
	*connection
	*Files
	*Programs

	dir      string // of this run alone, removed by Close
	used     Acceleration
	fallback string

	qemu     *os.Process
	watchdog *watchdog
	stop     func() bool // ends the watch on ctx

	monitor *monitor          // nil where layers were not asked for
	tables  []parttable.Disk  // nil when they must be read
	devices guest.Devices     // nil when they must be looked for
	opened  map[string]string // LUKS mappings by the encrypted device
	points  []point           // of what is mounted below the guest's root, in their order
}

// Open launches the appliance with the drives. When ctx is cancelled, during
// the launch or later, the appliance is killed: the call under way and all
// later ones return an error that wraps ctx's. Close must be called all the
// same.
func Open(ctx context.Context, drives []Drive, options Options) (*Session, error) {
	if len(drives) == 0 {
		return nil, errors.New("launching the libguestfs appliance: no disk was given")
	}
	for _, drive := range drives {
		if _, err := os.Stat(drive.Path); err != nil {
			return nil, fmt.Errorf("launching the libguestfs appliance: %w", err)
		}
	}
	dir, err := os.MkdirTemp(options.TempDir, "appliance-")
	if err != nil {
		return nil, fmt.Errorf("launching the libguestfs appliance: %w", err)
	}
	session, err := open(ctx, drives, options, dir)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("launching the libguestfs appliance: %w", err), os.RemoveAll(dir))
	}
	return session, nil
}

func open(ctx context.Context, drives []Drive, options Options, dir string) (*Session, error) {
	launched, err := accelerate(ctx, drives, options, dir)
	if err != nil {
		return nil, err
	}
	connected := &connection{ctx: ctx, handle: launched.handle, drives: drives}
	s := &Session{
		connection: connected, Files: &Files{connection: connected, archives: dir}, Programs: &Programs{connected},
		dir: dir, used: launched.used, fallback: launched.fallback,
		qemu: launched.qemu, watchdog: launched.watchdog, monitor: launched.monitor,
		opened: map[string]string{},
	}
	s.stop = context.AfterFunc(ctx, func() {
		// QEMU may be a script that has started QEMU.
		if s.qemu.Signal(syscall.Signal(0)) == nil {
			killTree(s.qemu.Pid)
		}
	})
	return s, nil
}

// Accelerator says how the appliance runs. The reason is given when KVM was
// wanted where it works and it does not.
func (s *Session) Accelerator() (used Acceleration, fallbackReason string) {
	return s.used, s.fallback
}

// Close writes everything to the disks, ends the appliance and removes what it
// left. An error means that the disks may lack what was written. Further calls
// do nothing.
func (s *Session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	err := s.shutdown()
	s.stop()
	if closeErr := s.handle.Close(); closeErr != nil {
		err = errors.Join(err, closeErr)
	}
	s.watchdog.dismiss()
	s.monitor.close()
	_ = s.qemu.Release()
	// What stays loses nothing of the disks, and the folder is the caller's: on FUSE
	// and NFS a file goes only when all have closed it.
	_ = os.RemoveAll(s.dir)
	return err
}

// shutdown is the part of Close that can lose data.
func (s *Session) shutdown() error {
	err := s.ctx.Err()
	if err == nil {
		started := followersOf(s.qemu.Pid)
		err = s.locked(func(g *guestfs.Guestfs) error {
			if err := s.unmount(g); err != nil {
				return err
			}
			if err := requireWritten(g); err != nil {
				return err
			}
			return g.Shutdown()
		})
		err = errors.Join(err, started.end(followersTime))
	}
	return describe("closing the libguestfs appliance", "", err)
}

// requireWritten fails where a disk did not take all that was written.
func requireWritten(g *guestfs.Guestfs) error {
	if err := g.Sync(); err != nil {
		return err
	}
	messages, err := g.Dmesg()
	if err != nil {
		return err
	}
	if lines := writeErrors(messages); len(lines) > 0 {
		return fmt.Errorf("writing to the disks failed: %s", strings.Join(lines, "; "))
	}
	return nil
}
