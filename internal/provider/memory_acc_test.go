package provider

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// providerMemory is what the provider may take at its height while migrations
// wait, in MiB. Some 40 of them are the program itself.
const providerMemory = 96

// lockedBuffer is a buffer that is read while a process writes to it.
type lockedBuffer struct {
	mutex sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) count(text string) int {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return strings.Count(b.String(), text)
}

// TestAccMemoryOfQueue measures the provider while one migration runs and nine
// wait for it.
func TestAccMemoryOfQueue(t *testing.T) {
	requireTerraform(t)
	path, _ := slowQEMUImg(t, "convert")
	mark := "HOME=" + t.TempDir()
	config := fmt.Sprintf(crashConfig, sparseFile(t, 4<<20), t.TempDir(), t.TempDir(), conversionAlone, "raw")
	config = strings.Replace(config, "  lock_directory", "  max_concurrent = 1\n  lock_directory", 1)
	config = strings.Replace(config, "  source ", "  count    = 10\n  source ", 1)
	config = strings.Replace(config, `"web.qcow2"`, `"web${count.index}.qcow2"`, 1)
	config = strings.Replace(config, "  pipeline", "  options  = { report = { enabled = false } }\n  pipeline", 1)
	c := newCLI(t, buildProvider(t), map[string]string{"main.tf": config}, "PATH="+path, mark)
	cmd := exec.Command("terraform", "apply", "-auto-approve", "-no-color")
	cmd.Dir, cmd.Env = c.directory, c.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out lockedBuffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// Not interrupted: a migration that Terraform asks for a moment after an
		// interrupt is not told of it.
		kill(t, cmd.Process.Pid)
		_ = cmd.Wait() // it was killed
		await(t, 30*time.Second, "all processes end", func() bool { return countMarked(mark, "") == 0 })
	})
	await(t, 2*time.Minute, "one migration converts and all have begun", func() bool {
		return countMarked(mark, "sleep") == 1 && out.count(": Creating...") == 10
	})
	for pid, arguments := range marked(mark) {
		if !strings.Contains(arguments, "terraform-provider-hyper2kvm") || strings.Contains(arguments, "--") {
			continue
		}
		most := peakMemory(t, pid)
		t.Logf("the provider took up to %d MiB", most)
		if most > providerMemory {
			t.Errorf("more than %d MiB", providerMemory)
		}
		return
	}
	t.Error("there is no provider")
}

// peakMemory is the most memory that a process has had resident, in MiB.
func peakMemory(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		t.Fatalf("no peak in:\n%s", status)
	}
	kibibytes, err := strconv.Atoi(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	return kibibytes >> 10
}
