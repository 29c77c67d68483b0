package measure

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

const (
	mib = int64(1) << 20
	gib = int64(1) << 30
)

// disk describes a guest that is made larger.
type disk struct {
	virtual int64 // bytes
	// live is what the guest's own files and the added ones take, in bytes.
	live int64
}

// guestLive is about what the files of the guest itself take.
const guestLive = 420 * mib

// dataFile is the size of a file of added data.
const dataFile = 64 * mib

func (d disk) String() string {
	return fmt.Sprintf("%d GiB, %.1f GiB live", d.virtual/gib, float64(d.live)/float64(gib))
}

// added is the size of the data that is put into the guest, whole files.
func (d disk) added() int64 { return max(0, d.live-guestLive) / dataFile * dataFile }

// make writes the disk as VMDK or qcow2: the guest with a third partition on
// which the added data lies, mounted at /srv.
func (b *Bench) makeDisk(ctx context.Context, d disk, format string) (path string, err error) {
	path = b.path(fmt.Sprintf("disk-%d-%d.%s", d.virtual/gib, d.live/mib, format))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := b.checkSpace(3*d.live + 2*gib); err != nil {
		return "", err
	}
	b.logf("making a disk of %s", d)
	guest, err := b.guest(ctx, flagship)
	if err != nil {
		return "", err
	}
	raw, data, script := b.path("disk.raw"), b.path("data.raw"), b.path("disk.guestfish")
	defer func() { err = errors.Join(err, removeAll(raw, data, script)) }()
	if err := b.plain(ctx, "qemu-img", "convert", "-f", "vmdk", "-O", "raw", "-W", "-m", "16", guest, raw); err != nil {
		return "", err
	}
	if err := os.Truncate(raw, d.virtual); err != nil {
		return "", err
	}
	if commands := d.script(raw, data); commands != "" {
		if err := d.writeData(data); err != nil {
			return "", err
		}
		if err := os.WriteFile(script, []byte(commands), 0o644); err != nil {
			return "", err
		}
		if err := b.plain(ctx, "guestfish", "--no-progress-bars", "--file", script); err != nil {
			return "", err
		}
	}
	if err := removeAll(data); err != nil {
		return "", err
	}
	return path, b.plain(ctx, "qemu-img", "convert", "-f", "raw", "-O", format, "-W", "-m", "16", raw, path)
}

// script is what guestfish does, or nothing where the guest has the size.
func (d disk) script(raw, data string) string {
	if d.virtual <= 3*gib {
		return ""
	}
	var s strings.Builder
	fmt.Fprintf(&s, "add-drive %q format:raw\n", raw)
	if d.added() > 0 {
		fmt.Fprintf(&s, "add-drive %q format:raw readonly:true\n", data)
	}
	fmt.Fprintf(&s, "run\npart-add /dev/sda p %d %d\n", 3*gib/512, d.virtual/512-1)
	s.WriteString("mkfs ext4 /dev/sda3\nmount /dev/sda1 /\nmkdir-p /srv\n")
	s.WriteString("write-append /etc/fstab \"/dev/sda3 /srv ext4 defaults 0 2\\n\"\nmount /dev/sda3 /srv\n")
	for n := range d.added() / dataFile {
		fmt.Fprintf(&s, "copy-device-to-file /dev/sdb /srv/data-%03d srcoffset:%d size:%d\n", n, n*dataFile, dataFile)
	}
	s.WriteString("umount-all\n")
	return s.String()
}

func (d disk) writeData(path string) error {
	if d.added() == 0 {
		return nil
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(writeData(file, d.added(), dataFile, uint64(d.live)), file.Close())
}

// plain runs a command that is not measured.
func (b *Bench) plain(ctx context.Context, args ...string) error {
	_, err := b.run(ctx, b.onSameAcceleration(), args...)
	return err
}

// checkSpace wants room for as many bytes.
func (b *Bench) checkSpace(need int64) error {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(b.Room, &fs); err != nil {
		return err
	}
	if free := int64(fs.Bavail) * fs.Bsize; free < need {
		return fmt.Errorf("%s has %.1f GiB left, and %.1f GiB are needed: set -room to a folder with more", b.Room,
			float64(free)/float64(gib), float64(need)/float64(gib))
	}
	return nil
}

func removeAll(paths ...string) error {
	var err error
	for _, path := range paths {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}
