package artifact

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// addSystem fills in what only the system call tells.
func (f *Fingerprint) addSystem(path string) error {
	var st unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BASIC_STATS|unix.STATX_BTIME, &st)
	switch {
	case isUnsupported(err), errors.Is(err, unix.EPERM): // an old kernel, or a container's filter of system calls
		var old unix.Stat_t
		if err := unix.Lstat(path, &old); err != nil {
			return err
		}
		f.Inode, f.Device = old.Ino, old.Dev
	case err != nil:
		return err
	default:
		f.Inode = st.Ino
		f.Device = unix.Mkdev(st.Dev_major, st.Dev_minor)
	}
	if st.Mask&unix.STATX_BTIME != 0 {
		born := time.Unix(st.Btime.Sec, int64(st.Btime.Nsec)).UTC()
		f.Born = &born
	}
	if _, id, err := fileSystem(path); err == nil {
		f.FileSystem = id
	}
	return nil
}

// fileSystem returns the device number and the id of path's file system. The id
// of one that has none of its own and comes over the network is where it comes
// from.
func fileSystem(path string) (device uint64, id string, err error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return 0, "", err
	}
	var sfs unix.Statfs_t
	if err := unix.Statfs(path, &sfs); err == nil && sfs.Fsid.Val != [2]int32{} {
		id = fmt.Sprintf("%08x%08x", uint32(sfs.Fsid.Val[0]), uint32(sfs.Fsid.Val[1]))
	} else if mounts, err := os.ReadFile("/proc/self/mountinfo"); err == nil {
		id = remoteSource(string(mounts), unix.Major(st.Dev), unix.Minor(st.Dev))
	}
	return st.Dev, id, nil
}

// remoteSource is the source of the mounted device, such as "server:/export", or
// empty if it is not another host's. The text is that of proc_pid_mountinfo(5).
func remoteSource(mounts string, major, minor uint32) string {
	device := fmt.Sprintf("%d:%d", major, minor)
	for line := range strings.Lines(mounts) {
		mount, super, _ := strings.Cut(line, " - ")
		at, from := strings.Fields(mount), strings.Fields(super)
		if len(at) < 3 || at[2] != device || len(from) < 2 {
			continue
		}
		if source := from[1]; strings.Contains(source, ":/") || strings.HasPrefix(source, "//") {
			return source
		}
	}
	return ""
}

// birthOf is when the directory was made, or nil if its file system does not tell.
func birthOf(directory string) *time.Time {
	var st unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, directory, 0, unix.STATX_BTIME, &st); err != nil || st.Mask&unix.STATX_BTIME == 0 {
		return nil
	}
	born := time.Unix(st.Btime.Sec, int64(st.Btime.Nsec)).UTC()
	return &born
}

func setMark(directory, mark string) error {
	return unix.Setxattr(directory, markName, []byte(mark), unix.XATTR_CREATE)
}

func getMark(directory string) string {
	value := make([]byte, 64)
	n, err := unix.Getxattr(directory, markName, value)
	if err != nil {
		return ""
	}
	return string(value[:n])
}

// renameNoReplace renames within one file system and fails with EEXIST where
// the target exists.
func renameNoReplace(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	switch {
	case err == nil:
		return nil
	case isUnsupported(err):
		return linkNoReplace(from, to) // NFS and most FUSE file systems know no flags
	}
	return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
}

// locked reports that a process holds a lock on any byte of the file. QEMU
// holds open-file-description locks on bytes from 100 and from 200 on for each
// permission that it uses or denies to others (QEMU, block/file-posix.c).
func locked(path string) (bool, error) {
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer file.Close() //nolint:errcheck // opened for reading
	lock := unix.Flock_t{Type: unix.F_WRLCK, Whence: 0, Start: 0, Len: 0}
	err = unix.FcntlFlock(file.Fd(), unix.F_OFD_GETLK, &lock)
	switch {
	case errors.Is(err, unix.ENOLCK), errors.Is(err, unix.ENOTSUP), errors.Is(err, unix.EINVAL):
		return false, nil // a file system without locks: QEMU holds none either
	case err != nil:
		return false, &os.PathError{Op: "lock test", Path: path, Err: err}
	}
	return lock.Type != unix.F_UNLCK, nil
}

func isNotEmpty(err error) bool {
	return errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, unix.EEXIST) || errors.Is(err, unix.EBUSY)
}

func isNotDirectory(err error) bool { return errors.Is(err, unix.ENOTDIR) }

// unlinkDirectory is rmdir(2): os.Remove would also unlink a file.
func unlinkDirectory(path string) error { return unix.Rmdir(path) }

// groupOf is the group of the file.
func groupOf(info fs.FileInfo) uint32 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Gid
	}
	return noGroup
}
