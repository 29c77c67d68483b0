package pipeline

import "golang.org/x/sys/unix"

// mayWrite asks whether this process can make files in a directory.
func mayWrite(directory string) error {
	return unix.Faccessat(unix.AT_FDCWD, directory, unix.W_OK|unix.X_OK, unix.AT_EACCESS)
}

// availableSpace is how many bytes this process may still write below
// directory.
func availableSpace(directory string) (int64, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(directory, &stat); err != nil {
		return 0, err
	}
	return int64(stat.Bavail * uint64(stat.Bsize)), nil
}

// withFreed adds to the free space the files that will be gone by then, as far
// as they lie in the same file system and have no other name.
func withFreed(free func(string) (int64, error), files []string) func(string) (int64, error) {
	return func(directory string) (int64, error) {
		available, err := free(directory)
		var in, file unix.Stat_t
		if err != nil || unix.Stat(directory, &in) != nil {
			return available, err
		}
		for _, path := range files {
			if unix.Lstat(path, &file) == nil && file.Dev == in.Dev && file.Nlink == 1 {
				available += file.Blocks * 512
			}
		}
		return available, nil
	}
}
