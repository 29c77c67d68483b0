package watch

import (
	"slices"
	"time"
)

// sighting is one process at one look.
type sighting struct {
	status
	pid       int
	arguments func() []byte
}

// tally adds looks up.
type tally struct {
	engine  string
	running map[int]*process
	ended   []*process
	last    time.Duration
	// others says whether, at the last look, anything but the engine ran.
	others        bool
	alone, beside time.Duration
}

type process struct {
	program, kind string
	start, end    time.Duration
	base, cpu     time.Duration
	peak          int64
}

func newTally(engine string) *tally { return &tally{engine: engine, running: map[int]*process{}} }

// add takes in a look at the time now. What happened between two looks counts
// half as the one and half as the other.
func (t *tally) add(now time.Duration, seen []sighting) {
	others, engineRuns := false, false
	var spent time.Duration // by the engine, since the last look
	present := map[int]bool{}
	for _, s := range seen {
		present[s.pid] = true
		p := t.running[s.pid]
		if p == nil || p.program != s.kind {
			// A process that runs another program now counts as another: it has
			// the same processor time, but not the memory.
			base := time.Duration(0)
			if p != nil {
				base = p.cpu + p.base
				t.ended = append(t.ended, p)
			}
			p = &process{program: s.kind, kind: kindOf(s.kind, s.arguments()), start: now, base: base}
			if above := t.running[s.parent]; s.kind == t.engine && above != nil && above.program == t.engine {
				p.kind = Fork
			}
			t.running[s.pid] = p
		}
		if p.program == t.engine {
			engineRuns = true
			spent += max(0, s.cpu-p.base-p.cpu)
		} else {
			others = true
		}
		p.end, p.cpu, p.peak = now, s.cpu-p.base, max(p.peak, s.peak)
	}
	for pid, p := range t.running {
		if !present[pid] {
			t.ended = append(t.ended, p)
			delete(t.running, pid)
		}
	}
	half := (now - t.last) / 2
	if !t.others {
		t.alone += half
	}
	if !others {
		t.alone += half
	}
	if engineRuns && (others || t.others) {
		t.beside += spent
	}
	t.last, t.others = now, others
}

// finish ends the tally at the time now, when the command has ended.
func (t *tally) finish(now time.Duration) Record {
	if !t.others {
		t.alone += now - t.last
	}
	for _, p := range t.running {
		t.ended = append(t.ended, p)
	}
	slices.SortStableFunc(t.ended, func(a, b *process) int { return int(a.start - b.start) })
	record := Record{Alone: t.alone.Seconds(), Beside: t.beside.Seconds()}
	for _, p := range t.ended {
		record.Processes = append(record.Processes, Process{
			Kind: p.kind, Start: p.start.Seconds(), End: p.end.Seconds(), CPU: p.cpu.Seconds(), PeakBytes: p.peak,
		})
	}
	return record
}

// Peaks is the largest peak of each kind of process, in bytes.
func (r Record) Peaks() map[string]int64 {
	peaks := map[string]int64{}
	for _, p := range r.Processes {
		peaks[p.Kind] = max(peaks[p.Kind], p.PeakBytes)
	}
	return peaks
}

// Lifetime is how many processes of a kind ran, and how long and with what
// processor time, in seconds, one after the other.
func (r Record) Lifetime(kind string) (count int, wall, cpu float64) {
	for _, p := range r.Processes {
		if p.Kind == kind {
			count++
			wall += p.End - p.Start
			cpu += p.CPU
		}
	}
	return count, wall, cpu
}
