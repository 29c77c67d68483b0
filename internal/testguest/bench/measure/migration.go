package measure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
)

// object is a JSON object.
type object = map[string]any

// allStages is the pipeline of a whole migration.
var allStages = object{"inspect": object{}, "fix": object{}, "convert": object{}, "validate": object{}}

// migration is one run of the engine.
type migration struct {
	sourceType, source string
	pipeline           object
	directory          string // for the output
	dryRun             bool
	// arguments and environment are given to the command beside the usual.
	arguments, environment []string
}

// imageName is the file that every way writes.
const imageName = "guest.qcow2"

// write writes the manifest and returns its path.
func (m migration) write(room string) (string, error) {
	text, err := json.Marshal(object{
		"version":  "1.0",
		"source":   object{"type": m.sourceType, "path": m.source},
		"output":   object{"directory": m.directory, "filename": imageName},
		"pipeline": m.pipeline,
		"options":  object{"dry_run": m.dryRun},
	})
	if err != nil {
		return "", err
	}
	path := filepath.Join(room, filepath.Base(m.directory)+".json")
	return path, os.WriteFile(path, text, 0o644)
}

// migrate runs the engine as a person would, without a word.
func (b *Bench) migrate(ctx context.Context, m migration) (results.Sample, error) {
	path, err := m.write(b.Room)
	if err != nil {
		return results.Sample{}, err
	}
	o, err := b.run(ctx, m.environment, append([]string{b.Engine, "-q", "--manifest", path}, m.arguments...)...)
	if err != nil {
		return results.Sample{}, err
	}
	return m.sample(o)
}

// follow runs the engine and reads its events.
func (b *Bench) follow(ctx context.Context, m migration) (results.Sample, error) {
	path, err := m.write(b.Room)
	if err != nil {
		return results.Sample{}, err
	}
	o, err := b.run(ctx, m.environment, append([]string{b.Engine, "--events", "--manifest", path}, m.arguments...)...)
	if err != nil {
		return results.Sample{}, err
	}
	s, err := m.sample(o)
	if err != nil {
		return s, err
	}
	// Where the images lie is nobody's business.
	s.Steps, err = readSteps(strings.ReplaceAll(o.output[0], m.directory+"/", ""))
	return s, err
}

func (m migration) sample(o outcome) (results.Sample, error) {
	s := results.Sample{Seconds: o.seconds, Watched: o.watched}
	r, err := readReport(filepath.Join(m.directory, "report.json"))
	if err != nil {
		return s, err
	}
	s.Stages = durations(r)
	image, err := os.Stat(filepath.Join(m.directory, imageName))
	if err == nil {
		s.Bytes = image.Size()
	} else if _, converts := m.pipeline["convert"]; converts || !errors.Is(err, os.ErrNotExist) {
		return s, err
	}
	return s, nil
}

// fresh makes an empty folder for the output and removes it after use.
func (b *Bench) fresh(use func(directory string) error) (err error) {
	directory := b.path("out")
	if err := errors.Join(os.RemoveAll(directory), os.Mkdir(directory, 0o755)); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(directory)) }()
	return use(directory)
}

// readReport reads the report of a migration that succeeded.
func readReport(path string) (*report.Report, error) {
	r, err := report.Read(path)
	if err != nil {
		return nil, err
	}
	if !r.Pipeline.Success {
		return nil, fmt.Errorf("%s: the migration did not succeed", path)
	}
	return r, nil
}

// durations are the seconds that each stage took.
func durations(r *report.Report) map[string]float64 {
	durations := map[string]float64{}
	for _, stage := range r.Pipeline.Stages {
		durations[stage.Name] = stage.Duration
	}
	return durations
}

// reportedAccelerator is what the appliance ran on.
func reportedAccelerator(r *report.Report) (string, error) {
	result, err := report.ResultOf[report.Inspection](r)
	if err != nil {
		return "", err
	}
	if result.Accelerator == "" {
		return "", errors.New("the report does not say what the appliance ran on")
	}
	return result.Accelerator, nil
}
