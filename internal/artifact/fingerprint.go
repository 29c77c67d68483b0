package artifact

import (
	"fmt"
	"io/fs"
	"os"
	"time"
)

// Fingerprint tells one file from another without reading it. Fields that the
// file system does not have are zero.
type Fingerprint struct {
	Inode uint64 `json:"inode,omitempty"`
	// Device is st_dev, which may change when the host boots.
	Device uint64 `json:"device,omitempty"`
	// FileSystem is the file system's own id, which mostly does not.
	FileSystem string `json:"file_system,omitempty"`
	// Born is the birth time. Inode numbers are used again as soon as a file
	// is deleted, birth times are not.
	Born     *time.Time `json:"born,omitempty"`
	Size     int64      `json:"size_bytes"`
	Modified time.Time  `json:"modified"`
}

// fingerprint looks at a regular file without following a symbolic link.
func fingerprint(path string) (Fingerprint, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return Fingerprint{}, err
	}
	if !info.Mode().IsRegular() {
		return Fingerprint{}, fmt.Errorf("%s is no regular file (%s)", path, info.Mode().Type())
	}
	f := Fingerprint{Size: info.Size(), Modified: info.ModTime().UTC()}
	if err := f.addSystem(path); err != nil {
		return Fingerprint{}, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	return f, nil
}

// sameContent reports that nothing has written to the file since.
func (f Fingerprint) sameContent(now Fingerprint) bool {
	return f.Size == now.Size && f.Modified.Equal(now.Modified)
}

// sameFile reports that now, which lies in directory, is the recorded file,
// changed or not. A file whose directory was restored from a backup, copied or
// moved to another file system has another inode but still size and time to the
// nanosecond, and counts as the same. In the directory that it was published in
// it is another file that was put in its place. The device number does not
// count: the record lies in the same directory as the file, and the number
// changes when devices are found in another order.
func (r *Record) sameFile(now Fingerprint, directory string) bool {
	return r.File.sameInode(now) ||
		r.File.sameContent(now) && (!r.File.numbered(now) || !r.publishedIn(directory, now))
}

// publishedIn reports that the directory, which holds now, is the one that the
// file was published in, as far as is known. A mark alone does not tell: backups
// and copies may keep it.
func (r *Record) publishedIn(directory string, now Fingerprint) bool {
	if r.Mark != "" && r.Mark != markOf(directory) || !r.File.sameFileSystem(now.Device, now.FileSystem) {
		return false
	}
	return !madeSince(directory, r.Created)
}

// numbered reports that the inodes of both can be relied on. Some FUSE file
// systems number their files anew; they have no birth times.
func (f Fingerprint) numbered(now Fingerprint) bool {
	return f.Inode != 0 && f.Born != nil && now.Born != nil
}

// sameFileSystem reports that both lie on one file system, as far as is known.
// Two hosts have the same device numbers, so that they count only without ids.
func (f Fingerprint) sameFileSystem(device uint64, id string) bool {
	if f.FileSystem != "" && id != "" {
		return f.FileSystem == id
	}
	return f.Device == device
}

// sameInode reports that both are one file, whatever its content.
func (f Fingerprint) sameInode(now Fingerprint) bool {
	if f.Inode == 0 {
		return f.sameContent(now)
	}
	return f.Inode == now.Inode && (f.Born == nil || now.Born == nil || f.Born.Equal(*now.Born))
}
