package provider

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestAccRandomKills kills a part of an apply at 50 random points of time and
// counts what stays. The seed is in the log.
func TestAccRandomKills(t *testing.T) {
	requireTerraform(t)
	if os.Getenv("HYPER2KVM_TEST_FULL") == "" {
		t.Skip("part of the full matrix: set HYPER2KVM_TEST_FULL=1 or run make testacc-full")
	}
	const rounds = 50
	executable := buildProvider(t)
	source := filepath.Join(t.TempDir(), "disk.raw")
	if err := os.WriteFile(source, make([]byte, 4<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 1))
	mark := "HOME=" + t.TempDir()
	directory, work := filepath.Join(t.TempDir(), "images"), t.TempDir()
	c := newCLI(t, executable, map[string]string{"main.tf": fmt.Sprintf(crashConfig, source, directory, t.TempDir(), conversionAlone, "raw")}, mark, "TMPDIR="+work)

	started := time.Now()
	c.run("apply", "-auto-approve", "-no-color")
	whole := time.Since(started)
	c.run("destroy", "-auto-approve", "-no-color")

	var files, sockets, orphans, completed int
	for round := range rounds {
		cmd := exec.Command("terraform", "apply", "-auto-approve", "-no-color", "-lock=false")
		cmd.Dir, cmd.Env = c.directory, c.env
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.NewTimer(time.Duration(random.Int64N(int64(whole))))
		<-timer.C
		victim := []string{"terraform", "provider", "worker", "interrupt"}[random.IntN(4)]
		switch victim {
		case "terraform":
			_ = syscall.Kill(cmd.Process.Pid, syscall.SIGKILL)
		case "interrupt":
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
		default:
			killMarked(t, mark, victim == "worker")
		}
		succeeded := cmd.Wait() == nil
		await(t, 30*time.Second, "all processes end after killing "+victim, func() bool { return countMarked(mark, "") == 0 })
		if succeeded {
			completed++
		}
		// The next apply succeeds, or finds a complete image that no state knows.
		if out, err := c.try("apply", "-auto-approve", "-no-color", "-lock=false"); err != nil {
			image := filepath.Join(directory, "web.qcow2")
			if !strings.Contains(out, "Output file exists") {
				t.Fatalf("round %d, %s: the next apply fails:\n%s", round, victim, out)
			}
			orphans++
			c.run("import", "-no-color", "-lock=false", "hyper2kvm_migration.test", image)
			c.run("plan", "-no-color", "-lock=false", "-detailed-exitcode")
		}
		c.run("destroy", "-auto-approve", "-no-color", "-lock=false")
		for _, place := range []string{directory, work} {
			left := listing(t, place)
			// Sockets on which go-plugin listened: nobody lives to remove them.
			ours := without(left, "plugin")
			for _, name := range left {
				if info, err := os.Lstat(filepath.Join(place, name)); err == nil && info.Mode()&os.ModeSocket != 0 {
					sockets++
					_ = os.Remove(filepath.Join(place, name))
				}
			}
			left = ours
			if len(left) != 0 {
				files += len(left)
				t.Errorf("round %d, %s: %q are left", round, victim, left)
			}
		}
	}
	t.Logf("seed %d: of %d applies of about %s, %d ended before they were hit; no process and %d files leaked, but %d sockets of go-plugin; %d complete images were not in state and were imported",
		seed, rounds, whole.Round(10*time.Millisecond), completed, files, sockets, orphans)
}
