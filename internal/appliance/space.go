//go:build linux

package appliance

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
)

// What an appliance takes in bytes, measured with supermin 5.2 and the packages
// that Debian 12's libguestfs0 depends on. Less than that never suffices.
const (
	applianceSize = 250 << 20 // of its files, without kernel and modules
	initrdSize    = 4 << 20
	buildSize     = 7 << 20 // unpacked while it is built
	buildFiles    = 500
	cacheFiles    = 20
	memoSize      = 1 << 20   // what libguestfs remembers of QEMU
	kernelSize    = 110 << 20 // of the smallest kernel and its modules, to advise by
	blockSize     = 4096
)

// needs are what must be free, in bytes. With less, a build fails for certain.
type needs struct {
	cache, build int64
	unknown      int64 // what the cache takes beside, as far as can be guessed
	works        bool  // supermin makes its directory, if nothing else
	files        int64
}

// advised is a round size that suffices for so much.
func advised(bytes int64) string {
	const step = 50 << 20
	if bytes < step {
		return mebibytes(2 * bytes)
	}
	return mebibytes((bytes + bytes/20 + step - 1) / step * step)
}

// needsOf is what it takes to build an appliance with the kernel, which may be
// unknown. An older one stays until the new one is complete.
func needsOf(with kernel) needs {
	n := needs{cache: applianceSize + initrdSize + memoSize, build: buildSize, works: true, files: buildFiles, unknown: kernelSize}
	if info, err := os.Stat(with.file); err == nil && with.file != "" {
		n.cache += info.Size() + treeSize(with.modules)
		n.unknown = 0
	}
	return n
}

// treeSizes are remembered: a process may be asked for hundreds of migrations.
var treeSizes sync.Map // int64 by directory

// treeSize is what the files below a directory take in whole blocks, as far as
// they can be seen.
func treeSize(directory string) (size int64) {
	known, _ := treeSizes.Load(directory)
	if size, ok := known.(int64); ok {
		return size
	}
	_ = filepath.WalkDir(directory, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // what cannot be seen is not copied either
		}
		if info, err := entry.Info(); err == nil && !entry.Type().IsDir() {
			size += (info.Size() + blockSize - 1) / blockSize * blockSize
		}
		return nil
	})
	treeSizes.Store(directory, size)
	return size
}

// fileSystem is the one that a directory is on.
type fileSystem struct {
	device uint64
	free   int64 // bytes that this user may write
	files  int64 // files that can be made; -1 where there is no limit
}

func measureFileSystem(path string) (fileSystem, error) {
	var space unix.Statfs_t
	var file unix.Stat_t
	if err := errors.Join(unix.Statfs(path, &space), unix.Stat(path, &file)); err != nil {
		return fileSystem{}, err
	}
	found := fileSystem{device: file.Dev, free: int64(space.Bavail) * space.Bsize, files: int64(space.Ffree)}
	if space.Files == 0 {
		found.files = -1
	}
	return found, nil
}

// mebibytes rounds up.
func mebibytes(bytes int64) string { return fmt.Sprintf("%d MiB", (bytes+1<<20-1)>>20) }
