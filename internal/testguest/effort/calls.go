// Package effort counts what a migration does: the calls of its appliance, the
// programs that it starts, the bytes that these read and write. Unlike seconds, that
// is the same on every machine.
package effort

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Environment makes the engine tell of each call on its standard error stream.
const Environment = "LIBGUESTFS_TRACE=1"

// Calls are how often each function of libguestfs was called, by stage. Those that it
// calls itself count, too.
type Calls map[string]map[string]int

var traced = regexp.MustCompile(`(?m)^libguestfs: trace: ([0-9]+)\.([0-9]{6}) ([a-z0-9_]+)$`)

// ReadCalls counts the calls of a run by what it wrote: its events, a line each, and
// its standard error stream. A call is of the stage that has begun last.
func ReadCalls(events, messages string) (Calls, error) {
	type beginning struct {
		at    time.Time
		stage string
	}
	var begun []beginning
	for line := range strings.Lines(events) {
		var e report.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			return nil, fmt.Errorf("reading an event: %w", err)
		}
		if e.Type == report.EventStageStarted {
			begun = append(begun, beginning{e.Time.Time, e.Stage})
		}
	}
	calls := Calls{}
	for _, match := range traced.FindAllStringSubmatch(messages, -1) {
		seconds, err := strconv.ParseInt(match[1], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("reading a trace: %w", err)
		}
		microseconds, _ := strconv.ParseInt(match[2], 10, 64) // six digits
		at := time.Unix(seconds, microseconds*1000)
		stage := ""
		for _, b := range begun {
			if !at.Before(b.at) {
				stage = b.stage
			}
		}
		if stage == "" {
			return nil, fmt.Errorf("%s was called before any stage had begun", match[3])
		}
		if calls[stage] == nil {
			calls[stage] = map[string]int{}
		}
		calls[stage][match[3]]++
	}
	return calls, nil
}

// Total is how many calls a stage has made.
func (c Calls) Total(stage string) int {
	total := 0
	for _, count := range c[stage] {
		total += count
	}
	return total
}

// List tells the counts, the largest first.
func List(counts map[string]int) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	})
	var listed []string
	for _, name := range names {
		listed = append(listed, fmt.Sprintf("%s %d", name, counts[name]))
	}
	return strings.Join(listed, ", ")
}
