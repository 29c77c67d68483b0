package provider

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func signalGroup(t *testing.T, pid int, signal syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(-pid, signal); err != nil {
		t.Fatal(err)
	}
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// killMarked kills the worker, or the provider that started it, and says
// whether there was one. The recovery process of libguestfs, which the worker
// forks, has the worker's arguments, and has to live to end the appliance.
func killMarked(t *testing.T, mark string, worker bool) (killed bool) {
	t.Helper()
	const flag = "--cancel-on-stdin-close"
	found := marked(mark)
	for pid, arguments := range found {
		isWorker := strings.Contains(arguments, flag) && !strings.Contains(found[parentOf(pid)], flag)
		isProvider := strings.Contains(arguments, "terraform-provider-hyper2kvm") && !strings.Contains(arguments, flag)
		if worker && isWorker || !worker && isProvider {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended meanwhile
			killed = true
		}
	}
	return killed
}

// killAll kills the processes whose program's path ends so.
func killAll(mark, program string) (killed int) {
	for pid, arguments := range marked(mark) {
		if first, _, _ := strings.Cut(arguments, " "); strings.HasSuffix(first, program) && syscall.Kill(pid, syscall.SIGKILL) == nil {
			killed++
		}
	}
	return killed
}

func parentOf(pid int) int {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])) // after the name: state, parent
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1])
	return parent
}

// marked are the processes with an entry in their environment, with their
// arguments.
func marked(entry string) map[int]string {
	found := map[int]string{}
	environments, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range environments {
		environment, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(append([]byte{0}, environment...), []byte("\x00"+entry+"\x00")) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			continue
		}
		arguments, err := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
		if err == nil && len(arguments) > 0 { // a dead one that nobody has reaped has none
			found[pid] = strings.ReplaceAll(string(arguments), "\x00", " ")
		}
	}
	return found
}

func countMarked(mark, arguments string) int {
	count := 0
	for _, of := range marked(mark) {
		if strings.Contains(of, arguments) {
			count++
		}
	}
	return count
}

// await waits until a condition holds.
func await(t *testing.T, within time.Duration, what string, condition func() bool) {
	t.Helper()
	if !becomes(within, condition) {
		t.Fatalf("%s: not within %s", what, within)
	}
}

// awaitNone waits until no marked process is left.
func awaitNone(t *testing.T, within time.Duration, mark, after string) {
	t.Helper()
	if !becomes(within, func() bool { return countMarked(mark, "") == 0 }) {
		t.Fatalf("%s after %s there is still %v", within, after, marked(mark))
	}
}

func becomes(within time.Duration, condition func() bool) bool {
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline.C:
			return false
		}
	}
	return true
}

// killAtTheEnd kills what a failed test would leave.
func killAtTheEnd(t *testing.T, mark string) {
	t.Helper()
	t.Cleanup(func() {
		for pid := range marked(mark) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
}
