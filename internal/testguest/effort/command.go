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
	Programs map[string]int
	// Read and Written are what system calls read and wrote, in bytes: of files,
	// wherever the kernel has them, and of pipes and sockets.
	Read, Written int64
	// Calls are those of the appliance.
	Calls Calls
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
	arguments := append([]string{"-c", counted, io, "strace", "--follow-forks", "--seccomp-bpf", "--quiet=all", "--trace=execve", "--output=" + programs}, command.Args...)
	traced := exec.Command("sh", arguments...)
	traced.Env, traced.Dir = append(command.Environ(), Environment), command.Dir
	var events, messages bytes.Buffer
	traced.Stdout, traced.Stderr = &events, &messages
	if err := traced.Run(); err != nil {
		return e, fmt.Errorf("%w: %s", err, lines(messages.String(), 20))
	}
	counts, err := os.ReadFile(io)
	if err != nil {
		return e, err
	}
	started, err := os.ReadFile(programs)
	if err != nil {
		return e, err
	}
	e.Programs = readPrograms(string(started))
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

var execution = regexp.MustCompile(`(?m)execve\("([^"]*)".* = 0$`)

// readPrograms counts the programs of a trace by strace. What was looked for elsewhere
// on the path was not started.
func readPrograms(trace string) map[string]int {
	programs := map[string]int{}
	for _, match := range execution.FindAllStringSubmatch(trace, -1) {
		programs[filepath.Base(match[1])]++
	}
	return programs
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

// lines are the last of a text.
func lines(text string, most int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-most):], "\n")
}
