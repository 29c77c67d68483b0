package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/presentation"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// progress shows how far the stages are. Messages are written through it, so
// that they do not run into a bar.
type progress interface {
	io.Writer
	started(stage string)
	// advanced tells how far the stage and the whole run are.
	advanced(stage string, percent, total float64, doing string)
	ended(stage string, success bool, seconds float64)
	close()
}

// console shows a run to a person.
type console struct {
	out      io.Writer
	progress progress
	// look is that of the messages, and of the result.
	look, result look
	manifest     *manifest.Manifest
	shown        map[string]bool // the messages that were told as events
}

// newConsole shows the progress on a terminal as bars and elsewhere as lines.
func newConsole(out, messages io.Writer, m *manifest.Manifest) *console {
	c := &console{out: out, manifest: m, shown: map[string]bool{}}
	seen := terminalOf(messages)
	if seen != nil {
		c.look = lookOf(os.Getenv)
	}
	if terminalOf(out) != nil {
		c.result = lookOf(os.Getenv)
	}
	switch {
	case m.Options.Verbose == quiet:
		c.progress = noProgress{messages}
	case seen != nil:
		c.progress = newTerminalBars(seen, m.EnabledStages())
	default:
		c.progress = newLines(messages, m.Options.Verbose == verbose)
	}
	return c
}

func (c *console) event(e report.Event) {
	switch e.Type {
	case report.EventStageStarted:
		c.progress.started(e.Stage)
	case report.EventProgress:
		c.progress.advanced(e.Stage, e.Percent, e.TotalPercent, e.Message)
	case report.EventStageFinished:
		c.progress.ended(e.Stage, e.Success, e.Duration)
	case report.EventWarning:
		c.warn(e.Stage, e.Message, e.Remedy)
	case report.EventError:
		c.fail(e.Stage, e.Message, e.Remedy)
	case report.EventLog:
		if c.manifest.Options.Verbose == verbose {
			c.print("", e.Stage, e.Message, "")
		}
	}
}

func (c *console) warn(stage, message, remedy string) {
	if c.manifest.Options.Verbose > quiet {
		c.print(c.look.warn("warning:")+" ", stage, message, remedy)
	}
	c.shown[stage+"\n"+message] = true
}

func (c *console) fail(stage, message, remedy string) {
	c.print(c.look.bad("error:")+" ", stage, message, remedy)
	c.shown[stage+"\n"+message] = true
}

// print writes one message, with its further lines and the remedy indented.
func (c *console) print(prefix, stage, message, remedy string) {
	if stage != "" {
		prefix += stage + ": "
	}
	text := prefix + strings.ReplaceAll(presentation.Printable(message), "\n", "\n  ")
	if remedy != "" {
		text += "\n  " + c.look.busy("what to do:") + " " + strings.ReplaceAll(presentation.Printable(remedy), "\n", "\n  ")
	}
	_, _ = fmt.Fprintln(c.progress, text)
}

func (c *console) cancelling(cause error) {
	if c.manifest.Options.Verbose > quiet {
		c.print("", "", "cancelling: "+cause.Error(), "")
	}
}

// finished tells what no event has told, and the summary.
func (c *console) finished(r *report.Report, err error) {
	for _, w := range r.Warnings {
		if !c.shown[w.Stage+"\n"+w.Message] {
			c.warn(w.Stage, w.Message, w.Remedy)
		}
	}
	for _, e := range r.Errors {
		if !c.shown[e.Stage+"\n"+e.Message] {
			c.fail(e.Stage, e.Message, e.Remedy)
		}
	}
	if err != nil && len(r.Errors) == 0 {
		c.fail("", err.Error(), "")
	}
	c.progress.close()
	if c.manifest.Options.Verbose > quiet {
		_, _ = io.WriteString(c.out, summary(c.result, c.manifest, r, err))
	}
}
