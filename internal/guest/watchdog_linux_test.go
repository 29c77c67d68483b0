//go:build cgo

package guest

import (
	"os/exec"
	"testing"
)

func TestWatchdog(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end   func(*watchdog)
		lives bool
	}{
		"the process that guards dies": {func(w *watchdog) { _ = w.end.Close(); _ = w.cmd.Wait() }, false},
		"dismissed":                    {(*watchdog).dismiss, true},
	} {
		guarded := exec.CommandContext(t.Context(), "cat")
		input, err := guarded.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := guarded.Start(); err != nil {
			t.Fatal(err)
		}
		w, err := guard(guarded.Process.Pid)
		if err != nil {
			t.Fatal(err)
		}
		test.end(w)
		// One that lives ends by itself now, without an error.
		_ = input.Close()
		if err := guarded.Wait(); (err == nil) != test.lives {
			t.Errorf("%s: the guarded process ended with %v", name, err)
		}
	}
}
