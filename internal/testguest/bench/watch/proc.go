package watch

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// procfs is the kernel's view of processes, or what a test puts in its place.
type procfs string

// clockTick is the unit of the times in /proc/PID/stat, the same on every Linux.
const clockTick = 10 * time.Millisecond

// children lists the processes that any thread of pid has started.
func (p procfs) children(pid int) []int {
	tasks := p.path(pid, "task")
	folder, err := os.Open(tasks)
	if err != nil {
		return nil // the process has ended
	}
	threads, _ := folder.Readdirnames(-1)
	_ = folder.Close()
	var found []int
	for _, thread := range threads {
		data, err := read(tasks + "/" + thread + "/children")
		if err != nil {
			continue
		}
		for field := range strings.FieldsSeq(string(data)) {
			if child, err := strconv.Atoi(field); err == nil {
				found = append(found, child)
			}
		}
	}
	return found
}

// descendants lists all below pid.
func (p procfs) descendants(pid int) []int {
	found := p.children(pid)
	for n := 0; n < len(found); n++ {
		found = append(found, p.children(found[n])...)
	}
	return found
}

// read reads a small file of /proc with as few system calls as can be.
func read(path string) ([]byte, error) {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	data := make([]byte, 4096)
	n, err := syscall.Read(fd, data)
	_ = syscall.Close(fd)
	if err != nil {
		return nil, err
	}
	return data[:n], nil
}

// status is what one look at a process shows.
type status struct {
	kind   string
	parent int
	zombie bool
	cpu    time.Duration
	peak   int64 // bytes
}

// look reads a process. The error is that of a process that is gone.
func (p procfs) look(pid int) (status, error) {
	stat, err := read(p.path(pid, "stat"))
	if err != nil {
		return status{}, err
	}
	s, err := parseStat(stat)
	if err != nil || s.zombie {
		return s, err
	}
	memory, err := read(p.path(pid, "status"))
	if err != nil {
		return s, err
	}
	s.peak = parsePeak(memory)
	program, err := os.Readlink(p.path(pid, "exe"))
	if err != nil {
		return s, err
	}
	s.kind = strings.TrimSuffix(filepath.Base(program), " (deleted)")
	return s, nil
}

// arguments reads a process's command line, its parts ended by NUL.
func (p procfs) arguments(pid int) []byte {
	data, _ := read(p.path(pid, "cmdline"))
	return data
}

func (p procfs) path(pid int, name string) string {
	return string(p) + "/" + strconv.Itoa(pid) + "/" + name
}

// parseStat reads /proc/PID/stat: state and parent are fields 3 and 4, the
// processor time of all threads fields 14 and 15. The name in field 2 may hold
// anything.
func parseStat(data []byte) (status, error) {
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	if len(fields) < 13 {
		return status{}, fmt.Errorf("/proc/PID/stat has %d fields after the name", len(fields))
	}
	s := status{zombie: fields[0] == "Z" || fields[0] == "X"}
	var err error
	if s.parent, err = strconv.Atoi(fields[1]); err != nil {
		return s, fmt.Errorf("/proc/PID/stat: %w", err)
	}
	for _, field := range fields[11:13] {
		ticks, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return s, fmt.Errorf("/proc/PID/stat: %w", err)
		}
		s.cpu += time.Duration(ticks) * clockTick
	}
	return s, nil
}

// parsePeak reads VmHWM, the most memory that was resident, of
// /proc/PID/status. It is 0 where there is none.
func parsePeak(data []byte) int64 {
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return kib << 10
		}
	}
	return 0
}
