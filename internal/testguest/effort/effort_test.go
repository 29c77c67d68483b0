package effort

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const events = `{"type":"stage_started","time":"2026-01-21T18:23:32.000000","stage":"inspect"}
{"type":"progress","time":"2026-01-21T18:23:33.000000","stage":"inspect","message":"launching the appliance"}
{"type":"stage_finished","time":"2026-01-21T18:23:40.000000","stage":"inspect"}
{"type":"stage_started","time":"2026-01-21T18:23:40.500000","stage":"fix"}
`

func TestReadCalls(t *testing.T) {
	t.Parallel()
	calls, err := ReadCalls(events, "a warning\nlibguestfs: trace: 1769019813.000001 pread\nlibguestfs: trace: 1769019814.000000 pread\n"+
		"libguestfs: trace: 1769019820.000000 lstatns\nlibguestfs: trace: 1769019820.500000 ls\nlibguestfs: trace: pread \"/etc/shadow\"\n")
	if err != nil {
		t.Fatal(err)
	}
	if calls.Total("inspect") != 3 || calls["inspect"]["pread"] != 2 || calls.Total("fix") != 1 || calls.Total("convert") != 0 {
		t.Errorf("calls are %v", calls)
	}
	if got, want := List(calls["inspect"]), "pread 2, lstatns 1"; got != want {
		t.Errorf("listed are %q, want %q", got, want)
	}
	for name, messages := range map[string]string{"no event": "", "before all": "libguestfs: trace: 1700000000.000000 ls\n"} {
		text := events
		if messages == "" {
			text = "no event\n"
		}
		if _, err := ReadCalls(text, messages); err == nil {
			t.Errorf("%s is no error", name)
		}
	}
}

func TestReadPrograms(t *testing.T) {
	t.Parallel()
	prefix := filepath.Join(t.TempDir(), "programs")
	for pid, trace := range map[string]string{
		".12": "execve(\"/usr/local/bin/rm\", [\"rm\"], 0x7 /* 9 vars */) = -1 ENOENT (No such file or directory)\n" +
			"execve(\"/usr/bin/rm\", [\"rm\"], 0x7 /* 9 vars */) = 0\n",
		".13": "execve(\"/bin/rm\", [\"rm\"], 0x7 /* 9 vars */) = 0\n+++ exited with 0 +++\n",
	} {
		if err := os.WriteFile(prefix+pid, []byte(trace), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := readPrograms(prefix)
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]int{"rm": 2}; !maps.Equal(got, want) {
		t.Errorf("programs are %v, want %v", got, want)
	}
}

// TestRun counts what a script does.
func TestRun(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("needs strace")
	}
	directory := t.TempDir()
	from := filepath.Join(directory, "from")
	if err := os.WriteFile(from, make([]byte, 3<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	script := "cat \"$0\" >\"$0.1\"; cat \"$0\" >\"$0.2\"; printf 'libguestfs: trace: 1769019821.000000 ls\\n' >&2; test -n \"$LIBGUESTFS_TRACE\"; cat \"$0.events\""
	if err := os.WriteFile(from+".events", []byte(events), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := Run(exec.Command("sh", "-c", script, from), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if e.Programs["cat"] != 3 || e.Started() != 4 || e.Calls.Total("fix") != 1 {
		t.Errorf("counted: %+v", e)
	}
	const most = 6<<20 + 1<<20 // of the programs' own files
	if e.Read < 6<<20 || e.Read > most || e.Written < 6<<20 || e.Written > most {
		t.Errorf("read %d, wrote %d", e.Read, e.Written)
	}
	if _, err := Run(exec.Command("sh", "-c", "echo the reason >&2; exit 3"), t.TempDir()); err == nil || !strings.Contains(err.Error(), "the reason") {
		t.Errorf("the error of a command that fails is %v", err)
	}
}

// TestRunOfACrowd: programs that start at once are counted, each.
func TestRunOfACrowd(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("needs strace")
	}
	file := filepath.Join(t.TempDir(), "events")
	if err := os.WriteFile(file, []byte(events), 0o600); err != nil {
		t.Fatal(err)
	}
	const atOnce = 200
	script := `i=0; while [ $i -lt "$1" ]; do /bin/true & i=$((i+1)); done; wait; cat "$0"`
	e, err := Run(exec.Command("sh", "-c", script, file, strconv.Itoa(atOnce)), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if e.Programs["true"] != atOnce {
		t.Errorf("%d of %d programs were counted", e.Programs["true"], atOnce)
	}
}
