package measure

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// event is what is read of a line of --events.
type event struct {
	Type    string `json:"type"`
	Time    string `json:"time"`
	Stage   string `json:"stage"`
	Message string `json:"message"`
}

// launching is what the engine says when it starts the appliance. Whatever it
// says next, it says when the appliance is up.
const launching = "launching the appliance"

// launchTime is how many seconds the appliance took to come up.
func launchTime(events string) (float64, error) {
	var launched time.Time
	for line := range strings.Lines(events) {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			return 0, fmt.Errorf("reading an event: %w", err)
		}
		switch {
		case e.Message == launching:
			at, err := parseTime(e.Time)
			if err != nil {
				return 0, err
			}
			launched = at
		case !launched.IsZero():
			up, err := parseTime(e.Time)
			return up.Sub(launched).Seconds(), err
		}
	}
	return 0, errors.New("no event says how long the appliance took to come up")
}

// parseTime reads the times of events and reports, which have no zone.
func parseTime(text string) (time.Time, error) {
	return time.Parse("2006-01-02T15:04:05.999999", text)
}
