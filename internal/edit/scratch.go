package edit

import "os"

// ScratchFile is a temporary file of the host that has no name, so that nothing
// of the guest stays on the host when this process is killed. Closing it ends it.
func ScratchFile() (*os.File, error) {
	file, err := os.CreateTemp("", "hyper2kvm-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(file.Name()); err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}
