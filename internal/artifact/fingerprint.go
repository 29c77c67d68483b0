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

// sameFile reports that now is the recorded file, changed or not. A file that
// was restored from a backup or moved with its file system has another inode
// but still size and time to the nanosecond, and counts as the same. The
// device number does not count: the record lies in the same directory as the
// file, and the number changes when devices are found in another order.
func (f Fingerprint) sameFile(now Fingerprint) bool {
	return f.sameInode(now) || f.sameContent(now)
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
