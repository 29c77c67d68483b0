package firstboot

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestControl compiles what the program does with its scripts for this machine, and
// gives it scripts that end in all ways. What they leave outlasts boots.
func TestControl(t *testing.T) {
	t.Parallel()
	compiler, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("there is no C compiler: ", err)
	}
	program := filepath.Join(t.TempDir(), "control")
	if out, err := exec.CommandContext(t.Context(), compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", "-Iprogram", "-o", program,
		"program/control.c", "testdata/host.c").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, test := range map[string]struct {
		scripts []string
		want    string
	}{
		"nothing to do": {nil, "boot leave"},
		"in their order": {
			[]string{"a=0", "b=0"}, "boot run a forget a run b forget b leave",
		},
		"one that fails is tried three times, and the next is run": {
			[]string{"a=1", "b=0"}, "boot run a pause 1 run a pause 2 run a keep a run b forget b leave",
		},
		"one that fails and then does not": {
			[]string{"a=1,259,0"}, "boot run a pause 1 run a pause 2 run a forget a leave",
		},
		"one that cannot be started": {
			[]string{"a=absent,0"}, "boot run a pause 1 run a forget a leave",
		},
		"a restart between two": {
			[]string{"a=3010", "b=0"}, "boot run a forget a restart boot run b forget b leave",
		},
		"a restart after the last": {
			[]string{"a=0", "b=3010"}, "boot run a forget a run b forget b leave restart",
		},
		"an installer that restarts Windows itself": {
			[]string{"a=1641", "b=0"}, "boot run a forget a restart boot run b forget b leave",
		},
		"every one restarts once": {
			[]string{"a=3010", "b=3010"}, "boot run a forget a restart boot run b forget b leave restart",
		},
		"one that takes the machine down is started three times": {
			[]string{"a=crash", "b=0"}, "boot run a crash boot run a crash boot run a crash boot keep a run b forget b leave",
		},
		"failures and crashes count together": {
			[]string{"a=1,crash,1"}, "boot run a pause 1 run a crash boot run a keep a leave",
		},
		"the service is stopped": {
			[]string{"a=stop,0", "b=0"}, "boot run a stopped boot run a forget a run b forget b leave",
		},
		"Windows is set up at first": {
			[]string{"setup=2", "a=0"}, "boot setup stopped boot setup stopped boot run a forget a leave",
		},
		"tries cannot be counted": {
			[]string{"full=0", "b=0"}, "boot keep full run b forget b leave",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := exec.CommandContext(t.Context(), program, append([]string{"9"}, test.scripts...)...).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if diff := cmp.Diff(test.want, strings.Join(strings.Fields(string(out)), " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}
