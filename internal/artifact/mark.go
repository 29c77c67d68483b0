package artifact

import "github.com/google/uuid"

// markName is the extended attribute of a directory that received files. It says
// that a directory is the same one, whichever host looks, where it is mounted, and
// whatever became of the files; names, device numbers and inodes do not.
const markName = "user.hyper2kvm.directory"

// markDirectory returns the mark of the directory, which gets one if it has none.
// It is empty where its file system keeps no extended attributes, or the directory
// may not be marked.
func markDirectory(directory string) string {
	if mark := markOf(directory); mark != "" {
		return mark
	}
	// Another run may be faster; then its mark is the one.
	_ = setMark(directory, uuid.NewString())
	return markOf(directory)
}

// markOf is the mark of the directory, or empty.
func markOf(directory string) string {
	mark := getMark(directory)
	if uuid.Validate(mark) != nil {
		return ""
	}
	return mark
}
