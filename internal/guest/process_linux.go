//go:build cgo

package guest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// childrenOfThread returns the processes that a thread of this process has
// started and that were not waited for.
func childrenOfThread(tid int) []int {
	return readChildren(fmt.Sprintf("/proc/self/task/%d/children", tid))
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

// killTree kills a process and all that it started.
func killTree(pid int) {
	process, err := os.FindProcess(pid)
	if err != nil {
		return
	}
	defer func() { _ = process.Release() }()
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	var children []int
	for _, file := range files {
		children = append(children, readChildren(file)...)
	}
	_ = process.Kill()
	for _, child := range children {
		killTree(child)
	}
}

// startedAppliance says that one of the processes is the appliance's QEMU, by
// the socket that the appliance talks over.
func startedAppliance(pids []int) bool {
	for _, pid := range pids {
		cmdline, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err == nil && bytes.Contains(cmdline, []byte("guestfsd.sock")) {
			return true
		}
	}
	return false
}
