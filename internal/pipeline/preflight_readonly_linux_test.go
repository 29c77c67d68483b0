package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testmount"
)

// A directory that cannot be written is told of before anything is made.
func TestPreflightOfADirectoryThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	if err := checkOutputDirectory(filepath.Join(directory, "below")); err != nil {
		t.Errorf("one that can be made: %v", err)
	}
	if os.Geteuid() != 0 {
		if err := os.Chmod(directory, 0o500); err != nil {
			t.Fatal(err)
		}
		if err := checkOutputDirectory(directory); err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("without permission: %v", err)
		}
		return
	}
	testmount.ReadOnly(t, directory)
	for _, path := range []string{directory, filepath.Join(directory, "below")} {
		err := checkOutputDirectory(path)
		if err == nil || !strings.Contains(err.Error(), directory+" cannot be written") || remedy.Of(err) == "" {
			t.Errorf("%s on a read-only file system: %v", path, err)
		}
	}
}
