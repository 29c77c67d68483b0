package report

import (
	"fmt"
	"math"
	"time"
)

// Version is the version of the report's format.
const Version = "1.0"

// New is the empty report of a run that starts now.
func New() *Report {
	return &Report{
		Version:   Version,
		Timestamp: Now(),
		Pipeline:  Pipeline{Stages: Stages{}},
		Artifacts: []Artifact{},
		Concerns:  []Concern{},
		Warnings:  []Message{},
		Errors:    []Message{},
	}
}

// StageSucceeded records the stage that has this result and took duration
// seconds. The error is that of encoding result, and then nothing is recorded.
func (r *Report) StageSucceeded(duration float64, result StageResult) error {
	name := result.StageName()
	encoded, err := encode(result)
	if err != nil {
		return fmt.Errorf("encoding the result of stage %s: %w", name, err)
	}
	stage := Stage{Name: name, Success: true, Duration: milliseconds(duration), Result: encoded}
	r.Pipeline.Stages = append(r.Pipeline.Stages, stage)
	return nil
}

// StageFailed records a stage that failed after duration seconds.
func (r *Report) StageFailed(name string, duration float64, message string) {
	r.Pipeline.Stages = append(r.Pipeline.Stages, Stage{Name: name, Duration: milliseconds(duration), Error: message})
}

// StageFailedWith is StageFailed for a stage that has something to show.
func (r *Report) StageFailedWith(duration float64, message string, result StageResult) error {
	encoded, err := encode(result)
	if err != nil {
		return fmt.Errorf("encoding what stage %s has seen: %w", result.StageName(), err)
	}
	r.StageFailed(result.StageName(), duration, message)
	r.Pipeline.Stages[len(r.Pipeline.Stages)-1].Result = encoded
	return nil
}

// Warn records something that did not stop the run. remedy may be empty.
func (r *Report) Warn(stage, message, remedy string) {
	r.Warnings = append(r.Warnings, Message{Stage: stage, Message: message, Remedy: remedy, Timestamp: Now()})
}

// Fail records what stopped the run. remedy may be empty.
func (r *Report) Fail(stage, message, remedy string) {
	r.Errors = append(r.Errors, Message{Stage: stage, Message: message, Remedy: remedy, Timestamp: Now()})
}

// AddArtifact records a published file and fills in SizeHuman.
func (r *Report) AddArtifact(a Artifact) {
	a.SizeHuman = HumanSize(a.SizeBytes)
	r.Artifacts = append(r.Artifacts, a)
}

// Finish sets the duration, the success and the summary from what was
// recorded. A run is a success when no stage failed, no error was recorded and
// nobody cancelled it.
func (r *Report) Finish() {
	r.Pipeline.DurationSeconds = milliseconds(time.Since(r.Timestamp.Time).Seconds())
	r.Summary = r.summarize()
	r.Pipeline.Success = r.Summary.FailedStages == 0 && r.Summary.TotalErrors == 0 && !r.Pipeline.Cancelled
}

func (r *Report) summarize() Summary {
	s := Summary{
		TotalStages:    len(r.Pipeline.Stages),
		TotalWarnings:  len(r.Warnings),
		TotalErrors:    len(r.Errors),
		TotalArtifacts: len(r.Artifacts),
	}
	for _, stage := range r.Pipeline.Stages {
		if stage.Success {
			s.SuccessfulStages++
		} else {
			s.FailedStages++
		}
	}
	return s
}

// milliseconds rounds seconds to what is worth reading.
func milliseconds(seconds float64) float64 {
	return math.Round(seconds*1000) / 1000
}
