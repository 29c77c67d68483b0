//go:build cgo

package appliance

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// threadChildren are the processes that a thread of this process has started since
// some time and that were not waited for.
type threadChildren struct {
	file    string
	earlier map[int]string // when each of this process' children of that time started
}

// startedFromNow begins with no process: the thread may have launched other
// appliances before, which stay its children, and gets those of threads that end.
func startedFromNow(tid int) *threadChildren {
	c := &threadChildren{file: fmt.Sprintf("/proc/self/task/%d/children", tid), earlier: map[int]string{}}
	for _, pid := range childrenOf(os.Getpid()) {
		c.earlier[pid] = startTime(pid)
	}
	return c
}

func (c *threadChildren) list() []int { return c.later(readChildren(c.file)) }

// later are those of the processes that were not there at the beginning.
func (c *threadChildren) later(pids []int) []int {
	return slices.DeleteFunc(pids, func(pid int) bool {
		// The number of one that is gone may be given to another.
		at, known := c.earlier[pid]
		return known && at == startTime(pid)
	})
}

// startTime is when a process was started, in the kernel's ticks since it runs, or
// empty: proc_pid_stat(5).
func startTime(pid int) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	// Behind the name, which may have parentheses itself, begins field 3.
	if fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])); len(fields) > 19 {
		return fields[19]
	}
	return ""
}

func readChildren(file string) []int {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	var pids []int
	for field := range strings.FieldsSeq(string(text)) {
		if pid, err := strconv.Atoi(field); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// childrenOf returns the processes that a process has started.
func childrenOf(pid int) []int {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	var children []int
	for _, file := range files {
		children = append(children, readChildren(file)...)
	}
	return children
}

// killTree kills a process and all that it started. Where it leads a process
// group, that goes at once, so that nothing that is being started slips away.
func killTree(pid int) {
	process, err := os.FindProcess(pid)
	if err != nil {
		return
	}
	defer func() { _ = process.Release() }()
	children := childrenOf(pid)
	if group, err := syscall.Getpgid(pid); err == nil && group == pid {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
	}
	_ = process.Kill()
	for _, child := range children {
		killTree(child)
	}
}

// building says that one of the processes makes the appliance, which takes as
// long as it takes, in silence.
func building(pids []int) bool {
	for _, pid := range pids {
		name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
		if err == nil && strings.TrimSpace(string(name)) == "supermin" {
			return true
		}
	}
	return false
}

// starvedTree says that a thread of the process or of one that it started has
// waited for a processor most of the probe's time, and got too little of it to
// tell anything.
func starvedTree(pid int) bool {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil && starved(string(text)) {
			return true
		}
	}
	return slices.ContainsFunc(childrenOf(pid), starvedTree)
}

// starved judges a thread by what the kernel tells of its time, in nanoseconds:
// on a processor, and waiting for one.
func starved(schedstat string) bool {
	var ran, waited time.Duration
	_, err := fmt.Sscan(schedstat, &ran, &waited)
	return err == nil && ran < probeShare && waited > probeTimeout/2
}
