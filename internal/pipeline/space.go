package pipeline

import "golang.org/x/sys/unix"

// freeSpace is how many bytes this process may still write below directory.
func freeSpace(directory string) (int64, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(directory, &stat); err != nil {
		return 0, err
	}
	return int64(stat.Bavail * uint64(stat.Bsize)), nil
}
