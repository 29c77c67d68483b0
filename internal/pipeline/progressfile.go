package pipeline

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// progressName is the file in the output directory that tells how far a run is,
// one event a line, as long as the run lasts. Where another run in the same
// directory has it already, the image's name comes before it.
const progressName = "progress.json"

// progressFile receives the events of a run.
type progressFile struct {
	file    *artifact.ProgressFile
	percent float64 // of the running stage, already written
	message string
}

// openProgress begins the progress file. A run is not worth failing for it.
func (o *outputs) openProgress(artifacts *artifact.Run) {
	directory, image := o.manifest.OutputDirectory(), filepath.Base(o.manifest.OutputPath())
	names := []string{progressName, strings.TrimSuffix(image, filepath.Ext(image)) + "." + progressName}
	// What the run will write under such a name needs it at the end.
	names = slices.DeleteFunc(names, func(name string) bool {
		path := filepath.Join(directory, name)
		return path == o.manifest.OutputPath() || path == o.manifest.ReportPath()
	})
	file, err := artifacts.Progress(directory, names...)
	if err != nil {
		o.say.find(report.ConcernReaders, "there is no "+progressName+" to follow this run by: "+err.Error(),
			"follow the run by the output of the command; to have the file, make the output directory one that can be written")
	}
	if file == nil {
		return
	}
	follow := &progressFile{file: file}
	follow.write(report.Event{Type: report.EventStageStarted, Time: report.Now(), Stage: o.say.stage})
	o.say.listen(follow.write)
	o.followed = append(o.followed, follow)
}

// write appends the event, unless it says no more than the last one.
func (p *progressFile) write(e report.Event) {
	switch e.Type {
	case report.EventStageStarted:
		p.percent, p.message = 0, ""
	case report.EventProgress:
		if e.Percent < p.percent+1 && (e.Message == "" || e.Message == p.message) {
			return
		}
		p.percent, p.message = e.Percent, e.Message
	case report.EventFinished:
		return // the file goes with the run
	}
	if line, err := json.Marshal(e); err == nil {
		_, _ = p.file.Write(append(line, '\n'))
	}
}

// close ends the file; Run.Close of the artifacts removes it.
func (p *progressFile) close() { _ = p.file.Close() }
