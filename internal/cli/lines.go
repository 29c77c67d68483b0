package cli

import (
	"fmt"
	"io"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/presentation"
)

// noProgress shows messages and no progress.
type noProgress struct{ io.Writer }

func (noProgress) started(string)                            {}
func (noProgress) advanced(string, float64, float64, string) {}
func (noProgress) ended(string, bool, float64)               {}
func (noProgress) close()                                    {}

// lines shows the progress as lines, for logs: each stage as it starts and
// ends, and each quarter of it.
type lines struct {
	io.Writer
	verbose bool   // also show each new step
	quarter int    // the last one shown
	doing   string // the last step shown
}

func newLines(out io.Writer, verbose bool) *lines { return &lines{Writer: out, verbose: verbose} }

func (l *lines) started(stage string) {
	l.quarter, l.doing = 0, ""
	_, _ = fmt.Fprintf(l, "%s: started\n", stage)
}

func (l *lines) advanced(stage string, percent, total float64, doing string) {
	quarter := int(percent / 25)
	further := quarter > l.quarter && quarter < 4 // the end is told by ended
	step := l.verbose && doing != "" && doing != l.doing
	if !further && !step {
		return
	}
	l.quarter, l.doing = max(quarter, l.quarter), doing
	// Rounded down, so that nothing but the end is 100 %.
	text := fmt.Sprintf("%s: %d %% (%d %% of all)", stage, int(percent), int(total))
	if doing != "" {
		text += ", " + presentation.Printable(doing)
	}
	_, _ = fmt.Fprintln(l, text)
}

func (l *lines) ended(stage string, success bool, seconds float64) {
	outcome := "done"
	if !success {
		outcome = "failed"
	}
	_, _ = fmt.Fprintf(l, "%s: %s after %s\n", stage, outcome, presentation.Seconds(seconds))
}

func (*lines) close() {}
