package source

import "golang.org/x/sys/unix"

// freeSpace is what an unprivileged user can still write in a directory's file
// system, in bytes.
func freeSpace(directory string) (int64, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(directory, &stat); err != nil {
		return 0, err
	}
	return int64(stat.Bavail) * stat.Bsize, nil
}
