package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Entry is what is remembered of a build that was measured: medians, in seconds where
// nothing else is said. What was not measured is 0.
type Entry struct {
	Date         string `json:"date"`
	Commit       string `json:"commit"`
	EngineDigest string `json:"engine_digest,omitempty"`
	CPU          string `json:"cpu"`
	Cores        int    `json:"cores"`
	Acceleration string `json:"acceleration"`
	VirtV2V      string `json:"virt_v2v,omitempty"`
	// Whole is a whole migration, BesideV2V its time beside virt-v2v's.
	Whole     float64 `json:"whole,omitempty"`
	BesideV2V float64 `json:"beside_virt_v2v,omitempty"`
	Launch    float64 `json:"launch,omitempty"`
	// Inspect is the stage without the launch, Inspection a run that only inspects.
	Inspect    float64 `json:"inspect,omitempty"`
	Fix        float64 `json:"fix,omitempty"`
	Convert    float64 `json:"convert,omitempty"`
	Inspection float64 `json:"inspection,omitempty"`
	// FourAtOnce is their time beside that of two.
	FourAtOnce  float64 `json:"four_at_once,omitempty"`
	EngineBytes int64   `json:"engine_bytes,omitempty"`
	// Calls are those of the appliance, Programs what was started.
	Calls    int `json:"calls,omitempty"`
	Programs int `json:"programs,omitempty"`
}

// History is the file of the builds that were measured, the oldest first.
type History struct{ Path string }

// Load reads the history. A file that is not there is an empty one.
func (h History) Load() ([]Entry, error) {
	data, err := os.ReadFile(h.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var entries []Entry
	if err := json.Unmarshal(data, &entries); err != nil {
		return nil, fmt.Errorf("%s: %w", h.Path, err)
	}
	return entries, nil
}

// Add adds a build, or tells anew of the last one where it is the same.
func (h History) Add(entry Entry) ([]Entry, error) {
	entries, err := h.Load()
	if err != nil {
		return nil, err
	}
	if last := len(entries) - 1; last >= 0 && entries[last].EngineDigest == entry.EngineDigest {
		entries = entries[:last]
	}
	entries = append(entries, entry)
	data, err := json.MarshalIndent(entries, "", " ")
	if err != nil {
		return nil, err
	}
	return entries, os.WriteFile(h.Path, append(data, '\n'), 0o644)
}
