package report

import (
	"encoding/json"
	"fmt"
	"time"
)

// layout is that of the schema's timestamps: microseconds and no zone. They
// are UTC here.
const layout = "2006-01-02T15:04:05.000000"

// Time is a point in time that encodes as the schema's timestamps do.
type Time struct{ time.Time }

// Now is the current time in UTC.
func Now() Time { return Time{time.Now().UTC()} }

// MarshalJSON implements json.Marshaler.
func (t Time) MarshalJSON() ([]byte, error) {
	return json.Marshal(t.UTC().Format(layout))
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *Time) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	parsed, err := time.ParseInLocation(layout, text, time.UTC)
	if err != nil {
		return fmt.Errorf("timestamp %q is not of the form %s: %w", text, layout, err)
	}
	t.Time = parsed
	return nil
}
