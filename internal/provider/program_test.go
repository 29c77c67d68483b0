package provider

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// builtProgram is the program as make builds it, built once for all tests.
var builtProgram = sync.OnceValues(func() (string, error) {
	directory, err := os.MkdirTemp("", "hyper2kvm-program-")
	if err != nil {
		return "", err
	}
	executable := filepath.Join(directory, "terraform-provider-hyper2kvm")
	if out, err := exec.Command("../tools/build-program", executable).CombinedOutput(); err != nil {
		return executable, fmt.Errorf("%w: %s", err, out)
	}
	return executable, nil
})

// programBuilt says that there is a program to remove.
var programBuilt atomic.Bool

// buildProvider builds the program and returns its path.
func buildProvider(t *testing.T) string {
	t.Helper()
	programBuilt.Store(true)
	executable, err := builtProgram()
	if err != nil {
		t.Fatalf("building the provider: %v", err)
	}
	return executable
}

// removeProgram removes what buildProvider has made.
func removeProgram() {
	if !programBuilt.Load() {
		return
	}
	if executable, _ := builtProgram(); executable != "" {
		_ = os.RemoveAll(filepath.Dir(executable))
	}
}
