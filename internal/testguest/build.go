package testguest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// applianceEnv makes libguestfs independent of libvirt and of a KVM that opens
// but does not work.
var applianceEnv = []string{"LIBGUESTFS_BACKEND=direct", "LIBGUESTFS_BACKEND_SETTINGS=force_tcg"}

// Build returns the path of the guest's first disk, a VMDK, building the guest
// if it is not in the cache. The file is shared: never write to it.
func Build(ctx context.Context, r Recipe) (string, error) {
	disks, err := BuildDisks(ctx, r, io.Discard)
	if err != nil {
		return "", err
	}
	return disks[0], nil
}

// BuildDisks is Build for guests with several disks, which come in the order of
// the layout. The output of the programs that are run, and how long each step
// took, goes to log.
func BuildDisks(ctx context.Context, r Recipe, log io.Writer) ([]string, error) {
	if err := r.validate(); err != nil {
		return nil, fmt.Errorf("recipe %q: %w", r.Name, err)
	}
	dir, err := cachePath()
	if err != nil {
		return nil, err
	}
	folder, err := cached(ctx, dir, r.Name+"-"+r.Key(), func(temporary string) error {
		return buildDisks(ctx, dir, temporary, r, log)
	})
	if err != nil {
		return nil, fmt.Errorf("building test guest %q: %w", r.Name, err)
	}
	disks := make([]string, len(r.Layout.Disks))
	for i := range disks {
		disks[i] = filepath.Join(folder, diskFileName(r, i))
	}
	return disks, nil
}

func diskFileName(r Recipe, index int) string {
	if index == 0 {
		return r.Name + ".vmdk"
	}
	return fmt.Sprintf("%s-%d.vmdk", r.Name, index+1)
}

func buildDisks(ctx context.Context, cacheDir, folder string, r Recipe, log io.Writer) error {
	stopwatch := newStopwatch(log)
	bootstrapTar, err := bootstrap(ctx, cacheDir, r.Bootstrap, log)
	if err != nil {
		return err
	}
	stopwatch.lap("bootstrap")

	work := filepath.Join(folder, "work")
	if err := os.Mkdir(work, 0o755); err != nil {
		return err
	}
	overlayTar := filepath.Join(work, "overlay.tar")
	if err := writeTarFile(overlayTar, overlayFiles(r)); err != nil {
		return err
	}
	raws := make([]string, len(r.Layout.Disks))
	for i, disk := range r.Layout.Disks {
		raws[i] = filepath.Join(work, fmt.Sprintf("disk%d.raw", i))
		if err := createSparse(raws[i], disk.SizeMiB<<20); err != nil {
			return err
		}
	}
	scriptFile := filepath.Join(work, "build.guestfish")
	if err := os.WriteFile(scriptFile, []byte(diskScript(r, raws, bootstrapTar, overlayTar)), 0o644); err != nil {
		return err
	}
	if err := run(ctx, log, applianceEnv, "guestfish", "--no-progress-bars", "--file", scriptFile); err != nil {
		return err
	}
	stopwatch.lap("guest")

	for i, raw := range raws {
		target := filepath.Join(folder, diskFileName(r, i))
		err := run(ctx, log, nil, "qemu-img", "convert", "-f", "raw", "-O", "vmdk",
			"-o", "subformat="+string(r.subformat()), raw, target)
		if err != nil {
			return err
		}
	}
	stopwatch.lap("convert")
	return os.RemoveAll(work)
}

func createSparse(name string, size int64) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Close())
}

// stopwatch writes how long each step took.
type stopwatch struct {
	log   io.Writer
	start time.Time
}

func newStopwatch(log io.Writer) *stopwatch { return &stopwatch{log: log, start: time.Now()} }

func (s *stopwatch) lap(step string) {
	now := time.Now()
	_, _ = fmt.Fprintf(s.log, "testguest: %s took %.1f s\n", step, now.Sub(s.start).Seconds())
	s.start = now
}

func (r Recipe) validate() error {
	var errs []error
	if r.Name == "" || strings.ContainsAny(r.Name, "/ ") {
		errs = append(errs, errors.New("name must not be empty or hold slashes or spaces"))
	}
	if r.Hostname == "" {
		errs = append(errs, errors.New("hostname is missing"))
	}
	if r.Firmware != BIOS && r.Firmware != UEFI {
		errs = append(errs, fmt.Errorf("firmware %q is not bios or uefi", r.Firmware))
	}
	if r.loader() == SystemdBoot && r.Firmware != UEFI {
		errs = append(errs, errors.New("systemd-boot needs UEFI firmware"))
	}
	return errors.Join(append(errs, r.Layout.validate())...)
}
