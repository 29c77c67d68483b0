package edit

import "os"

// scratchFile is a temporary file of the host that has no name, so that nothing
// of the guest stays on the host when this process is killed. Closing it ends it.
// It is in the directory, or in the system's if that is "".
func scratchFile(directory string) (*os.File, error) {
	file, err := os.CreateTemp(directory, "hyper2kvm-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(file.Name()); err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}
