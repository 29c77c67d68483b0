package cli

import (
	"io"
	"math"
	"os"
	"strings"
	"sync/atomic"

	"github.com/mattn/go-runewidth"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/cwriter"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/presentation"
)

// isTerminal reports whether w is a terminal on which a bar can be redrawn.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return false
	}
	width, height, err := cwriter.GetSize(int(file.Fd()))
	return err == nil && width > 0 && height > 0
}

const (
	// barTotal is a full bar: hundredths of a percent.
	barTotal = 100 * 100
	// barWidth and doingWidth, in columns, fit with the rest into 80 columns: the
	// bar gets what the texts beside it leave.
	barWidth   = 22
	doingWidth = 28
)

// bars shows each stage as a bar, and below them the whole run as one.
type bars struct {
	out       io.Writer
	container *mpb.Progress
	whole     *mpb.Bar // nil before the first stage
	current   *mpb.Bar
	beside    *atomic.Value // string, what stands beside the current bar
}

func newBars(out io.Writer, options ...mpb.ContainerOption) *bars {
	options = append([]mpb.ContainerOption{mpb.WithOutput(out), mpb.WithWidth(barWidth)}, options...)
	return &bars{out: out, container: mpb.New(options...)}
}

// Write prints above the bars, and plainly when they cannot be drawn any more.
func (b *bars) Write(text []byte) (int, error) {
	if n, err := b.container.Write(text); err == nil {
		return n, nil
	}
	return b.out.Write(text)
}

func (b *bars) started(stage string) {
	b.abort()
	if b.whole == nil {
		b.whole, _ = b.container.Add(barTotal, mpb.BarStyle().Build(), mpb.BarPriority(math.MaxInt), beginning("all stages"),
			mpb.AppendDecorators(decor.Elapsed(decor.ET_STYLE_MMSS)))
	}
	beside := new(atomic.Value)
	beside.Store("")
	bar, err := b.container.Add(barTotal, mpb.BarStyle().Build(), beginning(stage),
		mpb.AppendDecorators(
			decor.OnComplete(decor.OnAbort(decor.Elapsed(decor.ET_STYLE_MMSS), ""), ""),
			decor.Any(func(decor.Statistics) string {
				text, _ := beside.Load().(string)
				return " " + text
			}),
		),
	)
	if err != nil {
		return // the terminal is gone
	}
	b.current, b.beside = bar, beside
}

// beginning is what stands before a bar.
func beginning(name string) mpb.BarOption {
	return mpb.PrependDecorators(
		decor.Name(name, decor.WC{W: len("load_manifest") + 1, C: decor.DindentRight}),
		decor.NewPercentage("%d", decor.WC{W: 5}),
	)
}

func (b *bars) advanced(_ string, percent, total float64, doing string) {
	if b.current == nil {
		return
	}
	if doing != "" {
		text := strings.ReplaceAll(presentation.Printable(doing), "\n", " ")
		b.beside.Store(runewidth.Truncate(text, doingWidth, "…"))
	}
	// A full bar is a finished one; only the stage's end may say that.
	b.current.SetCurrent(min(int64(percent*100), barTotal-1))
	if b.whole != nil {
		b.whole.SetCurrent(min(int64(total*100), barTotal-1))
	}
}

func (b *bars) ended(_ string, success bool, seconds float64) {
	if b.current == nil {
		return
	}
	if !success {
		b.beside.Store("failed after " + presentation.Seconds(seconds))
		b.abort()
		return
	}
	b.beside.Store(presentation.Seconds(seconds))
	b.current.SetCurrent(barTotal)
	b.current = nil
}

// abort leaves the current bar as it is.
func (b *bars) abort() {
	if b.current != nil {
		b.current.Abort(false)
		b.current = nil
	}
}

func (b *bars) close() {
	b.abort()
	if b.whole != nil {
		b.whole.Abort(true) // the stages tell all by now
	}
	b.container.Wait()
}
