//go:build cgo

package appliance

import (
	"bufio"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestFollowers: what a script has started is waited for when the script is
// gone.
func TestFollowers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		started, output, want string
	}{
		"it ends in its own time": {`trap "sleep 0.3; echo written; exit" TERM; echo up; while :; do sleep 0.01; done`, "written\n", ""},
		"it does not end":         {`trap "" TERM; echo up; while :; do sleep 0.01; done`, "", "did not end within 1s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script := exec.CommandContext(t.Context(), "sh", "-c", "sh -c '"+test.started+"'; :")
			pipe, err := script.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := script.Start(); err != nil {
				t.Fatal(err)
			}
			output := bufio.NewReader(pipe)
			if line, err := output.ReadString('\n'); err != nil {
				t.Fatal(line, err)
			}
			found := followersOf(script.Process.Pid)
			if len(found) == 0 {
				t.Fatal("no followers were found")
			}
			_ = script.Process.Kill()
			err = found.end(time.Second)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			// It ends when the last of them has.
			if rest, err := io.ReadAll(output); err != nil || string(rest) != test.output {
				t.Errorf("it wrote %q, %v", rest, err)
			}
			_ = script.Wait() // killed, which was meant
		})
	}
}
