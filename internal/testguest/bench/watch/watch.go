// Package watch follows the processes that a measured command starts: how long
// each lives, what processor time and how much memory it takes.
package watch

import (
	"bytes"
	"os"
	"strings"
	"time"
)

// Interval is the time between two looks at the processes.
const Interval = 20 * time.Millisecond

// The kinds of processes that are not just the names of programs.
const (
	// Appliance is a QEMU that is a libguestfs appliance.
	Appliance = "appliance"
	// Fork is a copy of the engine below it: it is about to become another
	// program, or ends the appliance should the engine die.
	Fork = "fork"
)

// Process is one program that ran. Times are in seconds from the start of the
// watch.
type Process struct {
	Kind      string  `json:"kind"`
	Start     float64 `json:"start"`
	End       float64 `json:"end"`
	CPU       float64 `json:"cpu_seconds"`
	PeakBytes int64   `json:"peak_bytes"`
}

// Record is what was seen of one measured command.
type Record struct {
	Processes []Process `json:"processes"`
	// Alone is how long, in seconds, no process but those of the engine's kind
	// ran. Beside is the processor time that the engine took in the rest.
	Alone  float64 `json:"alone"`
	Beside float64 `json:"beside"`
}

// Watcher looks at the descendants of this process.
type Watcher struct {
	stop chan struct{}
	done chan Record
}

// Start begins to watch. engine is the name of the engine's program.
func Start(engine string) *Watcher {
	w := &Watcher{stop: make(chan struct{}), done: make(chan Record)}
	go w.run(newTally(engine))
	return w
}

// Stop ends the watch.
func (w *Watcher) Stop() Record {
	close(w.stop)
	return <-w.done
}

func (w *Watcher) run(t *tally) {
	proc, self, started := procfs("/proc"), os.Getpid(), time.Now()
	own, _ := proc.look(self)
	ticker := time.NewTicker(Interval)
	defer ticker.Stop()
	for {
		t.add(time.Since(started), scan(proc, self, own.kind))
		select {
		case <-ticker.C:
		case <-w.stop:
			w.done <- t.finish(time.Since(started))
			return
		}
	}
}

// scan looks at all descendants of self. Those that still are copies of it, its
// program being own, are about to become something else.
func scan(proc procfs, self int, own string) []sighting {
	var seen []sighting
	pending := proc.children(self)
	for n := 0; n < len(pending); n++ {
		pid := pending[n]
		s, err := proc.look(pid)
		if err != nil || s.zombie || s.kind == own {
			continue
		}
		seen = append(seen, sighting{pid: pid, status: s, arguments: func() []byte { return proc.arguments(pid) }})
		// QEMU's programs have many threads and start nothing.
		if !strings.HasPrefix(s.kind, "qemu-") {
			pending = append(pending, proc.children(pid)...)
		}
	}
	return seen
}

// kindOf tells the appliance from QEMU's other runs: libguestfs asks it for its
// abilities, and the engine whether KVM works.
func kindOf(program string, arguments []byte) string {
	if bytes.HasPrefix([]byte(program), []byte("qemu-system")) && bytes.Contains(arguments, []byte("org.libguestfs.channel")) {
		return Appliance
	}
	return program
}
