package watch

import (
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	got, err := parseStat([]byte("42 (a) b (c) R 7 1 1 0 -1 4194304 10 20 0 0 150 50 7 8 20 0 1 0 100 0 0"))
	if want := (status{parent: 7, cpu: 2 * time.Second}); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if got, _ := parseStat([]byte("42 (x) Z 1 1 1 0 -1 4194304 10 20 0 0 1 1 0 0 20 0 1 0")); !got.zombie {
		t.Error("a zombie is not told")
	}
	if _, err := parseStat([]byte("42 (x) R 1")); err == nil {
		t.Error("a short line is no error")
	}
}

func TestParsePeak(t *testing.T) {
	if got, want := parsePeak([]byte("Name:\tx\nVmPeak:\t  900 kB\nVmHWM:\t    12 kB\nVmRSS:\t 3 kB\n")), int64(12<<10); got != want {
		t.Errorf("got %d, want %d", got, want)
	}
	if got := parsePeak([]byte("Name:\tkthread\n")); got != 0 {
		t.Errorf("got %d of a process without memory", got)
	}
}

func TestAChildIsSeen(t *testing.T) {
	child := exec.Command("cat")
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = child.Wait() }()
	defer func() { _ = stdin.Close() }()
	proc := procfs("/proc")
	if found := proc.descendants(os.Getpid()); !slices.Contains(found, child.Process.Pid) {
		t.Fatalf("%d is not among %v", child.Process.Pid, found)
	}
	seen, err := proc.look(child.Process.Pid)
	if err != nil || seen.peak == 0 || seen.kind == "" {
		t.Errorf("got %+v, %v", seen, err)
	}
}
