//go:build cgo

package appliance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	verdictsName = "kvm.json"
	// A file has the last verdicts: hosts may share a home directory, and test
	// boots have a QEMU of their own.
	maxVerdicts     = 16
	maxVerdictsSize = 256 << 10
)

// verdict is what a probe of KVM found.
type verdict struct {
	subject
	Reason string    `json:"reason"` // "" where KVM works
	Found  time.Time `json:"found"`
}

// subject is what a verdict is about. Where any of it changes, the verdict
// holds no longer.
type subject struct {
	BootID string         `json:"boot_id"`
	QEMU   fileIdentity   `json:"qemu"`
	Kernel fileIdentity   `json:"kernel"`
	Device deviceIdentity `json:"device"`
}

// fileIdentity changes when another file takes a file's place, or its content
// does.
type fileIdentity struct {
	Path     string `json:"path"`
	Size     int64  `json:"size"`
	Modified int64  `json:"modified_ns"`
	Inode    uint64 `json:"inode"`
}

// deviceIdentity is who may open which device.
type deviceIdentity struct {
	Number uint64 `json:"number"`
	Mode   uint32 `json:"mode"`
	UID    uint32 `json:"uid"`
	GID    uint32 `json:"gid"`
}

func identify(path string) (fileIdentity, error) {
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fileIdentity{}, err
	}
	var stat syscall.Stat_t
	if err := syscall.Stat(resolved, &stat); err != nil {
		return fileIdentity{}, &fs.PathError{Op: "stat", Path: resolved, Err: err}
	}
	// A program may go by the name that it was called by.
	return fileIdentity{Path: path, Size: stat.Size, Modified: stat.Mtim.Nano(), Inode: stat.Ino}, nil
}

func identifyDevice(path string) (deviceIdentity, error) {
	var stat syscall.Stat_t
	if err := syscall.Stat(path, &stat); err != nil {
		return deviceIdentity{}, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	return deviceIdentity{Number: stat.Rdev, Mode: stat.Mode, UID: stat.Uid, GID: stat.Gid}, nil
}

// verdictDirectory is a place for verdicts: the directory name in base.
type verdictDirectory struct {
	base, name string
	shared     bool // base belongs to all users
}

// verdictDirectories are where verdicts may be, the best first.
func verdictDirectories() []verdictDirectory {
	var found []verdictDirectory
	if runtime := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(runtime) {
		found = append(found, verdictDirectory{base: runtime, name: "hyper2kvm"})
	}
	if cache, err := os.UserCacheDir(); err == nil {
		found = append(found, verdictDirectory{base: cache, name: "hyper2kvm"})
	}
	return append(found, verdictDirectory{base: os.TempDir(), name: fmt.Sprintf("hyper2kvm-%d", os.Geteuid()), shared: true})
}

// open makes the directory if it is missing. It is one that this user alone can
// write to.
func (d verdictDirectory) open() (*os.Root, error) {
	base, err := os.OpenRoot(d.base)
	if err != nil {
		return nil, err
	}
	defer base.Close() //nolint:errcheck // only read
	if info, err := base.Stat("."); err != nil || !d.shared && !ownedAlone(info) {
		// That of another user, as sudo leaves it in the environment.
		return nil, errors.Join(err, fs.ErrPermission)
	}
	if err := base.Mkdir(d.name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	named, err := base.Lstat(d.name)
	if err != nil {
		return nil, err
	}
	if !named.IsDir() || !ownedAlone(named) {
		return nil, fmt.Errorf("%s is not a directory of this user alone: %w", filepath.Join(d.base, d.name), fs.ErrPermission)
	}
	root, err := base.OpenRoot(d.name)
	if err != nil {
		return nil, err
	}
	if opened, err := root.Stat("."); err != nil || !os.SameFile(named, opened) {
		return nil, errors.Join(err, fs.ErrPermission, root.Close())
	}
	return root, nil
}

// ownedAlone says that a file is this user's and nobody else may write to it.
func ownedAlone(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid() && info.Mode().Perm()&0o022 == 0
}

// verdicts is the file of verdicts. The zero value remembers nothing.
type verdicts struct {
	root    *os.Root
	path    string
	guarded *os.File // locked by who probes
}

// openVerdicts opens the first directory that can be used. That none can is no
// error: each process probes then.
func openVerdicts(directories []verdictDirectory) *verdicts {
	for _, directory := range directories {
		root, err := directory.open()
		if err != nil {
			continue
		}
		lock, err := root.OpenFile("kvm.lock", os.O_CREATE|os.O_RDWR|syscall.O_NONBLOCK, 0o600)
		if err != nil {
			_ = root.Close()
			continue
		}
		return &verdicts{root: root, path: filepath.Join(directory.base, directory.name, verdictsName), guarded: lock}
	}
	return &verdicts{}
}

func (v *verdicts) close() {
	if v.root != nil {
		_ = v.guarded.Close()
		_ = v.root.Close()
	}
}

// lock waits until no other process probes, but no longer than for limit. Where
// files cannot be locked, it does not wait.
func (v *verdicts) lock(ctx context.Context, limit time.Duration) (unlock func()) {
	if v.root == nil {
		return func() {}
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	descriptor := int(v.guarded.Fd())
	for {
		err := syscall.Flock(descriptor, syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return func() { _ = syscall.Flock(descriptor, syscall.LOCK_UN) }
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return func() {}
		}
	}
}

// read returns what the file has. One that is not this user's alone, or not
// such a file, has nothing.
func (v *verdicts) read() []verdict {
	if v.root == nil {
		return nil
	}
	if info, err := v.root.Lstat(verdictsName); err != nil || !info.Mode().IsRegular() || !ownedAlone(info) || info.Size() > maxVerdictsSize {
		return nil
	}
	file, err := v.root.Open(verdictsName)
	if err != nil {
		return nil
	}
	defer file.Close() //nolint:errcheck // only read
	var all []verdict
	if json.NewDecoder(io.LimitReader(file, maxVerdictsSize)).Decode(&all) != nil {
		return nil
	}
	return all
}

// find returns the verdict on exactly what is asked about.
func (v *verdicts) find(asked subject) (verdict, bool) {
	if asked.BootID == "" {
		return verdict{}, false
	}
	for _, one := range v.read() {
		if one.subject == asked {
			return one, true
		}
	}
	return verdict{}, false
}

// tell is the reason of a verdict that was remembered.
func (v *verdicts) tell(found verdict) string {
	if found.Reason == "" {
		return ""
	}
	return fmt.Sprintf("%s; found on %s and remembered until this host restarts (to look again, remove %s)",
		found.Reason, found.Found.Local().Format("2006-01-02 15:04:05 MST"), v.path)
}

// keep adds a verdict. What cannot be written is found out again next time.
func (v *verdicts) keep(added verdict) {
	if v.root == nil {
		return
	}
	all := []verdict{added}
	for _, one := range v.read() {
		if one.subject != added.subject && len(all) < maxVerdicts {
			all = append(all, one)
		}
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return
	}
	temporary := fmt.Sprintf("%s.%d", verdictsName, os.Getpid())
	_ = v.root.Remove(temporary) // of a dead process of this number
	file, err := v.root.OpenFile(temporary, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	_, err = io.Copy(file, strings.NewReader(string(text)+"\n"))
	if err = errors.Join(err, file.Close()); err == nil {
		err = v.root.Rename(temporary, verdictsName)
	}
	if err != nil {
		_ = v.root.Remove(temporary)
	}
}
