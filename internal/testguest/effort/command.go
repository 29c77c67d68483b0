package effort

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Effort is what a command and all that it started have done.
type Effort struct {
	// Programs is how often each program was started, by its file's name.
	Programs map[string]int `json:"programs"`
	// Read and Written are what system calls read and wrote, in bytes: of files,
	// wherever the kernel has them, and of pipes and sockets.
	Read    int64 `json:"read"`
	Written int64 `json:"written"`
	// Calls are those of the appliance.
	Calls Calls `json:"calls"`
}

// counted runs a command and then tells what the processes that have ended below it
// read and wrote: a process takes over the counts of each child that it waits for.
const counted = `"$@"; status=$?; cat /proc/$$/io >"$0"; exit $status`

// Run runs a command of the engine that tells its events (--events) and counts what it
// does. It needs strace, which stops processes when they start a program and at no
// other call. Command must not be started, nor have output of its own. The error of one
// that fails has what it said.
func Run(command *exec.Cmd, scratch string) (e Effort, err error) {
	io, programs := filepath.Join(scratch, "io"), filepath.Join(scratch, "programs")
	// In a file of all processes, two that start at once cut each other's lines in two.
	arguments := append([]string{"-c", counted, io, "strace", "--follow-forks", "--output-separately", "--seccomp-bpf", "--quiet=all", "--trace=execve", "--output=" + programs}, command.Args...)
	traced := exec.Command("sh", arguments...)
	traced.Env, traced.Dir = append(command.Environ(), Environment), command.Dir
	var events, messages bytes.Buffer
	traced.Stdout, traced.Stderr = &events, &messages
	if err := traced.Run(); err != nil {
		return e, fmt.Errorf("%w: %s", err, lastLines(messages.String()))
	}
	counts, err := os.ReadFile(io)
	if err != nil {
		return e, err
	}
	if e.Programs, err = readPrograms(programs); err != nil {
		return e, err
	}
	var errs [3]error
	e.Read, errs[0] = readCount(string(counts), "rchar")
	e.Written, errs[1] = readCount(string(counts), "wchar")
	e.Calls, errs[2] = ReadCalls(events.String(), messages.String())
	return e, errors.Join(errs[:]...)
}

// Started is how many programs were started.
func (e Effort) Started() int {
	total := 0
	for _, count := range e.Programs {
		total += count
	}
	return total
}

var execution = regexp.MustCompile(`(?m)^execve\("([^"]*)".* = 0$`)

// readPrograms counts the programs in strace's files, one of each process. What was
// looked for elsewhere on the path was not started.
func readPrograms(prefix string) (map[string]int, error) {
	files, err := filepath.Glob(prefix + ".*")
	if err != nil {
		return nil, err
	}
	programs := map[string]int{}
	for _, file := range files {
		trace, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, match := range execution.FindAllSubmatch(trace, -1) {
			programs[filepath.Base(string(match[1]))]++
		}
	}
	return programs, nil
}

// readCount reads a line of /proc/PID/io.
func readCount(text, name string) (int64, error) {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, name+": "); ok {
			return strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		}
	}
	return 0, fmt.Errorf("/proc/PID/io has no %s", name)
}

// lastLines are those that say what failed.
func lastLines(text string) string {
	const most = 20
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-most):], "\n")
}
