package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// emulated is a terminal that is looked at, with a clock that is set.
type emulated struct {
	*vt.Emulator
	bars *bars
	now  time.Time
}

var allStages = []string{report.StageLoadManifest, report.StageInspect, report.StageFix, report.StageConvert, report.StageValidate}

func newEmulated(columns, lines int, as look) *emulated {
	e := &emulated{Emulator: vt.NewEmulator(columns, lines), now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	e.bars = newBars(&screen{out: e, size: func() (int, int) { return e.Width(), e.Height() }}, as, allStages)
	e.bars.now = func() time.Time { return e.now }
	return e
}

// Write is for a terminal whose driver begins each line at its left edge.
func (e *emulated) Write(text []byte) (int, error) {
	_, err := e.Emulator.Write(bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")))
	return len(text), err
}

func (e *emulated) WriteString(text string) (int, error) { return e.Write([]byte(text)) }

// rewrap makes the terminal narrower as those do that break long lines anew.
func (e *emulated) rewrap(columns int) {
	text := e.text()
	e.Emulator = vt.NewEmulator(columns, e.Height())
	_, _ = e.Write([]byte(text))
}

// text is what is to be seen, without the empty lines at the end.
func (e *emulated) text() string {
	var lines []string
	for line := range strings.Lines(e.String()) {
		lines = append(lines, strings.TrimRight(line, " \r\n"))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n"
}

// wantScreen compares what is to be seen.
func (e *emulated) wantScreen(t *testing.T, want string) {
	t.Helper()
	if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), e.text()); diff != "" {
		t.Errorf("the screen (-want +got):\n%s", diff)
	}
}

// halfway is a run that converts, and has warned.
func (e *emulated) halfway() {
	b := e.bars
	b.started(report.StageLoadManifest)
	b.ended(report.StageLoadManifest, true, 0.12)
	b.started(report.StageInspect)
	b.ended(report.StageInspect, true, 65)
	b.started(report.StageFix)
	b.advanced(report.StageFix, 40, 20, "")
	_, _ = b.Write([]byte("warning: fix: no network card was found in the guest's network configuration\n  what to do: look at it after the first start\n"))
	b.ended(report.StageFix, true, 12.3)
	b.started(report.StageConvert)
	e.now = e.now.Add(70 * time.Second)
	b.advanced(report.StageConvert, 50, 40, "copying\nthe \x1b[2Jdisk \u754c of a name that is too long to fit into a line of a terminal, be it a wide one or not")
	b.draw()
}

func TestBars(t *testing.T) {
	t.Parallel()
	for columns, want := range map[int]struct{ running, ended string }{
		120: {`
warning: fix: no network card was found in the guest's network configuration
  what to do: look at it after the first start
load_manifest  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━   100%  0.12 s
inspect        ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━   100%  1 min 5 s
fix            ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━   100%  12.3 s
convert        ━━━━━━━━━━━━━━━━━━━━━━──────────────────────    50%  1:10
validate
all stages     ━━━━━━━━━━━━━━━━━───────────────────────────    40%  about 2 min left
now            copying the �[2Jdisk 界 of a name that is too long to fit into a line of a terminal, be it a wide one o…
`, `
warning: fix: no network card was found in the guest's network configuration
  what to do: look at it after the first start
warning: validate: a disk is full
load_manifest: done after 0.12 s
inspect: done after 1 min 5 s
fix: done after 12.3 s
convert: done after 1 min 20 s
validate: failed after 2.50 s
`},
		80: {`
warning: fix: no network card was found in the guest's network configuration
  what to do: look at it after the first start
load_manifest  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━   100%  0.12 s
inspect        ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━   100%  1 min 5 s
fix            ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━   100%  12.3 s
convert        ━━━━━━━━━━━━━━━━━━━───────────────────    50%  1:10
validate
all stages     ━━━━━━━━━━━━━━━───────────────────────    40%  about 2 min left
now            copying the �[2Jdisk 界 of a name that is too long to fit into …
`, `
warning: fix: no network card was found in the guest's network configuration
  what to do: look at it after the first start
warning: validate: a disk is full
load_manifest: done after 0.12 s
inspect: done after 1 min 5 s
fix: done after 12.3 s
convert: done after 1 min 20 s
validate: failed after 2.50 s
`},
		40: {`
warning: fix: no network card was found
  in the guest's network configuration
  what to do: look at it after the
  first start
load_manifest  ━━━━━━━━━━━━━━━━━   100%
inspect        ━━━━━━━━━━━━━━━━━   100%
fix            ━━━━━━━━━━━━━━━━━   100%
convert        ━━━━━━━━─────────    50%
validate
all stages     ━━━━━━───────────    40%
copying the �[2Jdisk 界 of a name that…
about 2 min left
`, `
warning: fix: no network card was found
  in the guest's network configuration
  what to do: look at it after the
  first start
warning: validate: a disk is full
load_manifest: done after 0.12 s
inspect: done after 1 min 5 s
fix: done after 12.3 s
convert: done after 1 min 20 s
validate: failed after 2.50 s
`},
		20: {`
warning: fix: no
  network card was
  found in the
  guest's network
  configuration
  what to do: look
  at it after the
  first start
load_manife…   100%
inspect        100%
fix            100%
convert         50%
validate
all stages      40%
copying the �[2Jdi…
about 2 min left
`, `
warning: fix: no
  network card was
  found in the
  guest's network
  configuration
  what to do: look
  at it after the
  first start
warning: validate:
  a disk is full
load_manifest: done
  after 0.12 s
inspect: done after
  1 min 5 s
fix: done after
  12.3 s
convert: done after
  1 min 20 s
validate: failed
  after 2.50 s
`},
	} {
		t.Run(fmt.Sprint(columns), func(t *testing.T) {
			t.Parallel()
			e := newEmulated(columns, 24, look{colours: true})
			e.halfway()
			e.wantScreen(t, want.running)
			e.bars.ended(report.StageConvert, true, 80)
			e.bars.started(report.StageValidate)
			_, _ = e.bars.Write([]byte("warning: validate: a disk is full\n"))
			e.bars.ended(report.StageValidate, false, 2.5)
			e.bars.close()
			e.wantScreen(t, want.ended)
		})
	}
}

// TestBarsAfterResizing: nothing of what stood there is left, and no message is lost,
// on terminals that break long lines anew and on those that cut them off.
func TestBarsAfterResizing(t *testing.T) {
	t.Parallel()
	for name, shrink := range map[string]func(*emulated, int){
		"lines are broken anew": (*emulated).rewrap,
		"lines are cut off":     func(e *emulated, columns int) { e.Resize(columns, e.Height()) },
	} {
		for _, columns := range []int{100, 80, 40, 20} {
			t.Run(fmt.Sprint(name, columns), func(t *testing.T) {
				t.Parallel()
				resized := newEmulated(120, 24, look{colours: true})
				resized.halfway()
				before := resized.Emulator
				shrink(resized, columns)
				resized.bars.draw() // the size has not settled yet
				resized.bars.draw()
				rows := resized.bars.rows(columns-1, 23, resized.now)
				for n, row := range rows {
					rows[n] = ansi.Strip(row)
				}
				text := resized.text()
				if !strings.HasSuffix(text, strings.Join(rows, "\n")+"\n") {
					t.Errorf("the rows are not where they belong:\n%s", text)
				}
				for _, row := range rows {
					if strings.Count(text, row) != 1 {
						t.Errorf("%q is there more or less than once:\n%s", row, text)
					}
				}
				above := strings.TrimSpace(strings.TrimSuffix(text, strings.Join(rows, "\n")+"\n"))
				if above != "" && !strings.HasSuffix(above, "first start") {
					t.Errorf("something is left above the rows:\n%s", text)
				}
				// What was above is there, or where it can be scrolled to.
				all := scrolledAway(resized.Emulator) + text
				if resized.Emulator != before {
					all = strings.ReplaceAll(all, "\n", "")
				}
				if want := "warning: fix: no n"; strings.Count(all, want) != 1 {
					t.Errorf("the warning is lost:\n%s", all)
				}
			})
		}
	}
	t.Run("wider", func(t *testing.T) {
		t.Parallel()
		e := newEmulated(40, 24, look{})
		e.halfway()
		e.Resize(80, 24)
		e.bars.draw()
		e.bars.draw()
		text := e.text()
		if strings.Count(text, "validate\n") != 1 || !strings.Contains(text, "40%  about 2 min left\n") {
			t.Errorf("the screen:\n%s", text)
		}
	})
}

// scrolledAway is what has left a terminal at its top.
func scrolledAway(e *vt.Emulator) string {
	var text strings.Builder
	for y := range e.ScrollbackLen() {
		for x := range e.Width() {
			if cell := e.ScrollbackCellAt(x, y); cell != nil {
				text.WriteString(cell.Content)
			}
		}
		text.WriteString("\n")
	}
	return strings.ReplaceAll(text.String(), " \n", "\n")
}

// TestBarsOnFewLines: where not all stages have room, that which runs has.
func TestBarsOnFewLines(t *testing.T) {
	t.Parallel()
	for lines, want := range map[int]string{
		6: "convert         50%\nall stages      40%\n", 3: "convert         50%\nall stages      40%\n", 2: "convert         50%\n", 1: "\n\n",
	} {
		e := newEmulated(20, lines, look{})
		e.bars.started(report.StageConvert)
		for range 5 {
			e.bars.advanced(report.StageConvert, 50, 40, "")
			e.bars.draw()
		}
		e.wantScreen(t, want)
	}
}

// TestBarsScroll: at the end of a terminal the rows stay together.
func TestBarsScroll(t *testing.T) {
	t.Parallel()
	e := newEmulated(80, 12, look{})
	e.halfway()
	for n := range 20 {
		_, _ = fmt.Fprintf(e.bars, "warning: number %d\n", n)
	}
	text := e.text()
	if strings.Count(text, "validate\n") != 1 || !strings.HasPrefix(text, "warning: number 16\nwarning: number 17\nwarning: number 18\nwarning: number 19\nload_manifest ") {
		t.Errorf("the screen:\n%s", text)
	}
	all := scrolledAway(e.Emulator)
	for n := range 16 {
		if strings.Count(all, fmt.Sprintf("number %d\n", n)) != 1 {
			t.Errorf("message %d is lost:\n%s", n, all)
		}
	}
}

func TestBarsHaveNoMoreThanASCII(t *testing.T) {
	t.Parallel()
	e := newEmulated(40, 24, look{letters: true})
	e.bars.started(report.StageConvert)
	e.bars.advanced(report.StageConvert, 50, 40, "a text of more than forty letters in all of them")
	e.bars.draw()
	e.wantScreen(t, `
load_manifest
inspect
fix
convert        ########---------    50%
validate
all stages     ######-----------    40%
a text of more than forty letters in a~
`)
}

// TestBarsOfUnannouncedStages is for events that no manifest has foreseen.
func TestBarsOfUnannouncedStages(t *testing.T) {
	t.Parallel()
	e := newEmulated(80, 24, look{})
	e.bars.advanced("early", 10, 5, "nothing has started") // must not matter
	e.bars.stages = nil
	e.bars.started("left open")
	e.bars.started("of another engine")
	e.bars.close()
	e.wantScreen(t, "left open: failed after 0.00 s\nof another engine: not ended\n")
	if _, err := e.bars.Write([]byte("after the end\n")); err != nil || !strings.HasSuffix(e.text(), "after the end\n") {
		t.Errorf("a message after the end: %v", err)
	}
	e.bars.close()
}

// TestRowsFit looks at rows of all widths, of all kinds of stages.
func TestRowsFit(t *testing.T) {
	t.Parallel()
	e := newEmulated(80, 24, look{colours: true})
	e.halfway()
	e.bars.ended(report.StageConvert, false, 7200)
	e.bars.started(report.StageValidate)
	e.bars.advanced(report.StageValidate, 99, 99, strings.Repeat("\u754c", 200))
	for columns := 1; columns <= 200; columns++ {
		for _, row := range e.bars.rows(columns, 20, e.now.Add(5*time.Hour)) {
			if width := ansi.StringWidth(row); width > max(columns, 1+1+percentWidth) {
				t.Errorf("%q has %d columns of %d", ansi.Strip(row), width, columns)
			}
			if text := ansi.Strip(row); strings.TrimRight(text, " ") != text {
				t.Errorf("%q ends with blanks, which some terminals break anew", text)
			}
		}
	}
}

func TestTimeLeft(t *testing.T) {
	t.Parallel()
	for want, of := range map[string]struct {
		taken   time.Duration
		percent float64
	}{
		"":                  {9 * time.Second, 50},
		"about 1 min left":  {20 * time.Second, 90},
		"about 3 min left":  {time.Minute, 27},
		"about 59 min left": {time.Minute * 59, 50},
		"about 2 h left":    {time.Minute * 100, 50},
	} {
		if got := timeLeft(of.taken, of.percent); got != want {
			t.Errorf("%s of %.0f %%: %q", of.taken, of.percent, got)
		}
	}
	if got := timeLeft(time.Hour, 2); got != "" {
		t.Errorf("with hardly anything done it says %q", got)
	}
}

func TestLook(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		environment map[string]string
		want        look
	}{
		"all":            {map[string]string{"TERM": "xterm", "LANG": "en_GB.UTF-8"}, look{colours: true}},
		"NO_COLOR":       {map[string]string{"TERM": "xterm", "LANG": "en_GB.utf8", "NO_COLOR": "1"}, look{}},
		"empty NO_COLOR": {map[string]string{"TERM": "xterm", "LANG": "C.UTF-8", "NO_COLOR": ""}, look{colours: true}},
		"dumb":           {map[string]string{"TERM": "dumb", "LC_ALL": "C"}, look{letters: true}},
		"no locale":      {map[string]string{"TERM": "linux"}, look{colours: true, letters: true}},
		"wide lines":     {map[string]string{"TERM": "xterm", "LC_CTYPE": "ja_JP.UTF-8", "LANG": "C"}, look{colours: true, letters: true}},
	} {
		if got := lookOf(func(name string) string { return test.environment[name] }); got != test.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	plain := look{}
	if got := plain.good("a") + plain.bad("b") + plain.warn("c") + plain.busy("d") + plain.quiet("e"); got != "abcde" {
		t.Errorf("without colours: %q", got)
	}
	if got := (look{colours: true}).bad("b"); ansi.Strip(got) != "b" || got == "b" {
		t.Errorf("with colours: %q", got)
	}
}

func TestFolded(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"short\n":                       "short\n",
		"a few words more\n":            "a few\n  words\n  more\n",
		"  what to do\n":                "  what to\n  do\n",
		"/a/path/of/many/letters here":  "/a/path/of/many/letters\n  here\n",
		"\x1b[31merror:\x1b[m is red\n": "\x1b[31merror:\x1b[m is\n  red\n",
	} {
		if got := folded(text, 9); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestBarsOnClosedTerminal(t *testing.T) {
	t.Parallel()
	b := newBars(&screen{out: closed{}, size: func() (int, int) { return 0, 0 }}, look{}, nil)
	for range 3 {
		b.started(report.StageConvert)
		b.advanced(report.StageConvert, 50, 70, "copying")
		if n, err := b.Write([]byte("warning\n")); err == nil || n != 0 {
			t.Errorf("wrote %d bytes to it", n)
		}
		b.ended(report.StageConvert, true, 1)
	}
	b.close()
}

// TestConsoleOnTerminal runs the command on a terminal as the system has it.
func TestConsoleOnTerminal(t *testing.T) {
	t.Setenv("TERM", "xterm")
	t.Setenv("LC_ALL", "C.UTF-8")
	for name, test := range map[string]struct {
		environment map[string]string
		lacks       []string
		has         []string
	}{
		"colours":    {nil, nil, []string{"\x1b[1;33mwarning:\x1b[m fix: no GRUB", "━", "load_manifest", "convert: \x1b[32mdone\x1b[m after 1.50 s"}},
		"no colours": {map[string]string{"NO_COLOR": "1"}, []string{"\x1b[3", "\x1b[1;", "\x1b[2m"}, []string{"warning: fix: no GRUB", "━", "convert: done after 1.50 s"}},
		"dumb":       {map[string]string{"TERM": "dumb"}, []string{"\x1b"}, []string{"convert: 26 % (13 % of all)", "convert: done after 1.50 s"}},
	} {
		t.Run(name, func(t *testing.T) {
			for name, value := range test.environment {
				t.Setenv(name, value)
			}
			master, slave, err := pty.Open()
			if err != nil {
				t.Skipf("no terminal can be made here: %v", err)
			}
			defer func() { _ = master.Close() }()
			if err := pty.Setsize(slave, &pty.Winsize{Cols: 80, Rows: 24}); err != nil {
				t.Fatal(err)
			}
			var shown lockedBuffer
			read := make(chan struct{})
			go func() {
				defer close(read)
				_, _ = io.Copy(&shown, master)
			}()
			c := &Command{Engine: migration, Stdout: new(bytes.Buffer), Stderr: slave}
			if code := c.Run(t.Context(), []string{"--manifest", manifestFile(t, `{}`)}); code != ExitSuccess {
				t.Errorf("exit code %d", code)
			}
			_ = slave.Close()
			<-read
			for _, want := range test.has {
				if !strings.Contains(shown.String(), want) {
					t.Errorf("the terminal was not sent %q:\n%q", want, shown.String())
				}
			}
			for _, unwanted := range test.lacks {
				if strings.Contains(shown.String(), unwanted) {
					t.Errorf("the terminal was sent %q:\n%q", unwanted, shown.String())
				}
			}
		})
	}
}

func TestTerminalOf(t *testing.T) {
	t.Parallel()
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if terminalOf(file) != nil || terminalOf(new(bytes.Buffer)) != nil {
		t.Error("a file or a buffer is a terminal")
	}
}
