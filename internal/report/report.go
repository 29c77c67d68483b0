// Package report is the report of one migration, its JSON file and the events
// by which a run is followed while it goes on.
package report

import (
	"encoding/json"
	"slices"
)

// Report is report.json, version 1.0.
type Report struct {
	Version   string     `json:"version"`
	Timestamp Time       `json:"timestamp"` // when the run started
	Pipeline  Pipeline   `json:"pipeline"`
	Artifacts []Artifact `json:"artifacts"`
	// NewMachine is what the new machine needs, where the guest was looked at. The old
	// one is a Machine.
	NewMachine *Hardware `json:"machine,omitempty"`
	// Concerns are all warnings, and what else a policy may decide by.
	Concerns []Concern `json:"concerns"`
	Warnings []Message `json:"warnings"`
	Errors   []Message `json:"errors"`
	Summary  Summary   `json:"summary"`
}

// Pipeline is the outcome of the whole run.
type Pipeline struct {
	Success         bool    `json:"success"`
	Cancelled       bool    `json:"cancelled,omitempty"`
	DryRun          bool    `json:"dry_run,omitempty"`
	DurationSeconds float64 `json:"duration_seconds"`
	Stages          Stages  `json:"stages"`
}

// Stages are the stages that ran, in order. They encode as one JSON object
// that keeps this order.
type Stages []Stage

// Stage is one stage's outcome. Duration is in seconds. Result is present on
// success, and on a failure that was found by looking; Error on failure.
type Stage struct {
	Name     string          `json:"-"`
	Success  bool            `json:"success"`
	Duration float64         `json:"duration"`
	Result   json.RawMessage `json:"result,omitempty"`
	Error    string          `json:"error,omitempty"`
}

// The artifact types.
const (
	ArtifactConvertedImage = "converted_image"
	ArtifactFixedOverlay   = "fixed_overlay"
	ArtifactBootLog        = "boot_log"
	ArtifactBootScreenshot = "boot_screenshot"
)

// IsImage says that the artifact is a disk image, and no evidence of a boot.
func (a Artifact) IsImage() bool {
	return a.Type != ArtifactBootLog && a.Type != ArtifactBootScreenshot
}

// Images are those of the artifacts that are disk images.
func Images(artifacts []Artifact) []Artifact {
	return slices.DeleteFunc(slices.Clone(artifacts), func(a Artifact) bool { return !a.IsImage() })
}

// Artifact is a file that the run published. VirtualSize and SizeBytes are in
// bytes; SizeBytes is what the file takes on disk as `ls` sees it.
type Artifact struct {
	Type        string `json:"type"`
	Path        string `json:"path"`
	Format      string `json:"format"`
	SizeBytes   int64  `json:"size_bytes"`
	SizeHuman   string `json:"size_human"`
	Compressed  bool   `json:"compressed"`
	VirtualSize int64  `json:"virtual_size,omitempty"`
}

// Message is one warning or error as the report has it: with its stage and time.
// Remedy, where there is one, says what to do.
type Message struct {
	Stage     string `json:"stage"`
	Message   string `json:"message"`
	Remedy    string `json:"remedy,omitempty"`
	Timestamp Time   `json:"timestamp"`
}

// Summary counts what happened. Stages that are switched off do not count.
type Summary struct {
	TotalStages      int `json:"total_stages"`
	SuccessfulStages int `json:"successful_stages"`
	FailedStages     int `json:"failed_stages"`
	TotalWarnings    int `json:"total_warnings"`
	TotalErrors      int `json:"total_errors"`
	TotalArtifacts   int `json:"total_artifacts"`
}

// The names of the stages, in the order in which they run.
const (
	StageLoadManifest = "load_manifest"
	StageInspect      = "inspect"
	StageFix          = "fix"
	StageConvert      = "convert"
	StageValidate     = "validate"
)

// The event types.
const (
	EventStageStarted  = "stage_started"
	EventProgress      = "progress"
	EventStageFinished = "stage_finished"
	EventWarning       = "warning"
	EventError         = "error"
	EventLog           = "log"
	EventFinished      = "finished"
)

// Event is one thing that happened in a run. `--events` prints one as a line
// of JSON each; the last is always EventFinished and carries the report.
type Event struct {
	Type  string `json:"type"`
	Time  Time   `json:"time"`
	Stage string `json:"stage,omitempty"`
	// Percent is the stage's progress from 0 to 100, TotalPercent that of the
	// whole run as far as it can be foreseen. Neither ever falls, and 100 is what
	// has ended well.
	Percent      float64 `json:"percent,omitempty"`
	TotalPercent float64 `json:"total_percent,omitempty"`
	Message      string  `json:"message,omitempty"`
	Remedy       string  `json:"remedy,omitempty"`
	// Success and Duration (seconds) belong to stage_finished.
	Success  bool    `json:"success,omitempty"`
	Duration float64 `json:"duration,omitempty"`
	Report   *Report `json:"report,omitempty"`
}
