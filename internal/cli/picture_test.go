package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"html"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

var update = flag.Bool("update", false, "write the picture of the command anew: make picture")

const (
	// pictureFile is the picture in the README.
	pictureFile = "../../.github/command.svg"
	// recording is what a migration of the demo's guest has printed with --events, with
	// fewer events of progress and other folders.
	recording = "testdata/events.jsonl"
	// betweenFrames is the time of the run from one frame to the next, and frameSeconds
	// and lastSeconds are how long each is shown.
	betweenFrames             = 8 * time.Second
	frameSeconds, lastSeconds = 0.5, 5
)

// TestPicture replays a recorded migration through what people see, and compares the
// picture of it with the README's.
func TestPicture(t *testing.T) {
	t.Parallel()
	got := animation(replay(t))
	if *update {
		if err := os.WriteFile(pictureFile, got, 0o644); err != nil { //nolint:gosec // everybody's
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(pictureFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s is not what the command shows: run make picture", pictureFile)
	}
	if len(got) > 150e3 {
		t.Errorf("the picture has %d bytes", len(got))
	}
}

// TestReplayEndsAsText looks at the last frame as a person would.
func TestReplayEndsAsText(t *testing.T) {
	t.Parallel()
	frames := replay(t)
	var text strings.Builder
	for _, line := range frames[len(frames)-1] {
		for _, cell := range line {
			text.WriteString(cell.Content)
		}
		text.WriteString("\n")
	}
	_, rest, _ := strings.Cut(text.String(), "load_manifest: ")
	var lines []string
	for line := range strings.Lines(rest) {
		lines = append(lines, strings.TrimSpace(line))
	}
	want := strings.Split(`done after 0.07 s
inspect: done after 29.5 s
fix: done after 30.4 s
convert: done after 21.1 s
validate: done after 1 min 50 s
migration succeeded in 3 min 11 s, with 1 warning
converted image: /data/output/webserver.qcow2 (qcow2, 141.62 MiB)`, "\n")
	if len(lines) < len(want) {
		t.Fatalf("the last frame is %q", text.String())
	}
	if diff := cmp.Diff(want, lines[:len(want)]); diff != "" {
		t.Errorf("the last frame (-want +got):\n%s", diff)
	}
}

// frame is what a terminal shows.
type frame [][]uv.Cell

func readRecording(t *testing.T) []report.Event {
	t.Helper()
	file, err := os.Open(recording)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var events []report.Event
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e report.Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	if lines.Err() != nil || len(events) == 0 {
		t.Fatalf("read %d events: %v", len(events), lines.Err())
	}
	return events
}

// replay shows a recorded run on a terminal and returns what that showed.
func replay(t *testing.T) []frame {
	t.Helper()
	e := newEmulated(84, 22, look{colours: true})
	directory := t.TempDir()
	m := &manifest.Manifest{Output: manifest.Output{Directory: directory}, Options: manifest.DefaultOptions()}
	show := renamed{e, directory, "/data/output"}
	c := &console{out: show, progress: e.bars, look: e.bars.look, result: e.bars.look, resultColumns: e.Width, manifest: m, shown: map[string]bool{}}
	events := readRecording(t)
	_, _ = e.WriteString("$ hyper2kvm --manifest migration.json\n")
	var frames []frame
	next := events[0].Time.Add(betweenFrames / 4)
	for _, event := range events {
		for ; event.Time.After(next); next = next.Add(betweenFrames) {
			e.now = next
			e.bars.draw()
			frames = append(frames, e.frame())
		}
		e.now = event.Time.Time
		if event.Type != report.EventFinished {
			c.event(event)
			continue
		}
		if err := writeReport(event.Report, m.ReportPath()); err != nil {
			t.Fatal(err)
		}
		c.finished(event.Report, nil)
		frames = append(frames, e.frame())
	}
	return frames
}

// renamed is a terminal on which one folder has another's name.
type renamed struct {
	*emulated
	from, to string
}

func (r renamed) Write(text []byte) (int, error) {
	return r.WriteString(string(text))
}

func (r renamed) WriteString(text string) (int, error) {
	_, err := r.emulated.WriteString(strings.ReplaceAll(text, filepath.ToSlash(r.from), r.to))
	return len(text), err
}

func (e *emulated) frame() frame {
	seen := make(frame, e.Height())
	for y := range seen {
		for x := range e.Width() {
			cell := uv.Cell{Content: " ", Width: 1}
			if at := e.CellAt(x, y); at != nil && at.Content != "" {
				cell = *at
			}
			seen[y] = append(seen[y], cell)
		}
	}
	return seen
}

const (
	cellWidth, cellHeight = 8, 17 // in the picture's units
	edge                  = 14
)

// animation is a picture of frames that follow each other. Whoever wants no motion
// sees the last one.
func animation(frames []frame) []byte {
	var svg bytes.Buffer
	width, height := len(frames[0][0])*cellWidth+2*edge, len(frames[0])*cellHeight+2*edge
	total := frameSeconds*float64(len(frames)-1) + lastSeconds
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img">
<title>hyper2kvm migrates a guest: a bar for each stage, what runs now, the time left, and the result</title>
<style>
text { font: 13px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #d7dde5; white-space: pre; }
.g { fill: #59c98e; } .r { fill: #ff8a80; } .y { fill: #f0b35c; } .c { fill: #62b8e8; } .f { fill: #7d8896; } .b { font-weight: bold; }
.frame { visibility: hidden; }
@media (prefers-reduced-motion: no-preference) {
.frame { animation: frame %.1fs step-end infinite; }
.last { animation: last %.1fs step-end infinite; }
@keyframes frame { 0%% { visibility: visible; } %.3f%% { visibility: hidden; } }
@keyframes last { 0%% { visibility: hidden; } %.3f%% { visibility: visible; } }
}
</style>
<rect width="%d" height="%d" rx="8" fill="#14181d"/>
`, width, height, width, height, total, total, 100*frameSeconds/total, 100*(total-lastSeconds)/total, width, height)
	for n, shown := range frames {
		attributes := fmt.Sprintf(`class="frame" style="animation-delay: %.1fs"`, frameSeconds*float64(n))
		if n == len(frames)-1 {
			attributes = `class="last"`
		}
		fmt.Fprintf(&svg, "<g %s>\n", attributes)
		for y, line := range shown {
			drawLine(&svg, line, edge+y*cellHeight)
		}
		svg.WriteString("</g>\n")
	}
	svg.WriteString("</svg>\n")
	return svg.Bytes()
}

// drawLine draws cells of one style at once.
func drawLine(svg *bytes.Buffer, line []uv.Cell, top int) {
	for from := 0; from < len(line); {
		to := from + 1
		for to < len(line) && class(line[to]) == class(line[from]) && isBar(line[to]) == isBar(line[from]) && (!isBar(line[to]) || line[to].Content == line[from].Content) {
			to++
		}
		var text strings.Builder
		for _, cell := range line[from:to] {
			text.WriteString(cell.Content)
		}
		left, length := edge+from*cellWidth, (to-from)*cellWidth
		switch trimmed := strings.TrimRight(text.String(), " "); {
		case trimmed == "":
		case isBar(line[from]):
			thick := 2
			if line[from].Content == "━" {
				thick = 6
			}
			fmt.Fprintf(svg, `<rect class="%s" x="%d" y="%d" width="%d" height="%d"/>`+"\n", class(line[from]), left, top+(cellHeight-thick)/2, length, thick)
		default:
			fmt.Fprintf(svg, `<text class="%s" x="%d" y="%d" textLength="%d" xml:space="preserve">%s</text>`+"\n",
				class(line[from]), left, top+cellHeight-4, ansi.StringWidth(trimmed)*cellWidth, html.EscapeString(trimmed))
		}
		from = to
	}
}

func isBar(cell uv.Cell) bool { return cell.Content == "━" || cell.Content == "─" }

// class is the style of a cell.
func class(cell uv.Cell) string {
	names := map[color.Color]string{ansi.Green: "g", ansi.Red: "r", ansi.Yellow: "y", ansi.Cyan: "c"}
	of := names[cell.Style.Fg]
	if cell.Style.Attrs&uv.AttrFaint != 0 {
		of = "f"
	}
	if cell.Style.Attrs&uv.AttrBold != 0 {
		of += " b"
	}
	return of
}
