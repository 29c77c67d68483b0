//go:build cgo

package appliance

import (
	"bufio"
	"io"
	"os/exec"
	"syscall"
	"testing"
)

func TestWatchdog(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end   func(*watchdog)
		group bool // what is guarded leads one, in which another lives
		lives bool
	}{
		"the process that guards dies":            {end: func(w *watchdog) { _ = w.end.Close(); _ = w.cmd.Wait() }},
		"the process that guards a group dies":    {end: func(w *watchdog) { _ = w.end.Close(); _ = w.cmd.Wait() }, group: true},
		"dismissed":                               {end: (*watchdog).dismiss, lives: true},
		"dismissed, where a group could be ended": {end: (*watchdog).dismiss, group: true, lives: true},
	} {
		// It says its word and ends, without an error, as soon as its input does.
		guarded := exec.CommandContext(t.Context(), "sh", "-c", "cat; echo lives")
		guarded.SysProcAttr = &syscall.SysProcAttr{Setpgid: test.group}
		if !test.group {
			guarded = exec.CommandContext(t.Context(), "cat")
		}
		input, err := guarded.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		output, err := guarded.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := guarded.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := input.Write([]byte("started\n")); err != nil {
			t.Fatal(err)
		}
		heard := bufio.NewReader(output)
		if line, err := heard.ReadString('\n'); err != nil {
			t.Fatal(line, err)
		}
		w, err := guard(guarded.Process.Pid)
		if err != nil {
			t.Fatal(err)
		}
		test.end(w)
		// What lives of the group has the output open, and may still end by itself.
		if !test.lives {
			if rest, err := io.ReadAll(heard); err != nil || len(rest) > 0 {
				t.Errorf("%s: %q, %v", name, rest, err)
			}
		}
		_ = input.Close()
		if _, err := io.ReadAll(heard); err != nil {
			t.Error(err)
		}
		if err := guarded.Wait(); (err == nil) != test.lives {
			t.Errorf("%s: the guarded process ended with %v", name, err)
		}
	}
}
