package artifact

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// childEnvironment names the directory in which a re-executed test binary is a
// run that waits to be killed.
const childEnvironment = "ARTIFACT_TEST_CHILD"

func TestMain(m *testing.M) {
	if directory := os.Getenv(childEnvironment); directory != "" {
		if err := child(directory); err != nil {
			os.Stdout.WriteString("failed: " + err.Error() + "\n") //nolint:errcheck // the parent notices
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// child publishes one file over another, holds a temporary, and waits.
func child(directory string) error {
	r, err := NewRun(directory, uuid.NewString())
	if err != nil {
		return err
	}
	if _, err := r.Progress(directory, "progress.json"); err != nil {
		return err
	}
	final := filepath.Join(directory, "published")
	temporary, err := r.Temporary(final)
	if err != nil {
		return err
	}
	if err := os.WriteFile(temporary, []byte("of the dead"), 0o644); err != nil {
		return err
	}
	if err := r.PublishAll([]Publication{{Temporary: temporary, Path: final}}, true); err != nil {
		return err
	}
	if temporary, err = r.Temporary(filepath.Join(directory, "never")); err != nil {
		return err
	}
	if err := errors.Join(
		os.WriteFile(temporary, []byte("half"), 0o644),
		os.WriteFile(filepath.Join(r.Dir(), "overlay"), []byte("scratch"), 0o644),
	); err != nil {
		return err
	}
	os.Stdout.WriteString("ready " + r.ID + "\n") //nolint:errcheck // the parent notices
	_, _ = os.Stdin.Read(make([]byte, 1))
	return nil
}

func startChild(t *testing.T, directory string) (id string, kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnvironment+"="+directory)
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	killed := false
	kill = func() {
		if !killed {
			killed = true
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}
	t.Cleanup(kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	id, ok := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if err != nil || !ok {
		t.Fatalf("child said %q, %v", line, err)
	}
	return id, kill
}

func TestSweepKilledRun(t *testing.T) {
	t.Parallel()
	for _, replaced := range []bool{false, true} {
		directory := t.TempDir()
		if replaced {
			publish(t, filepath.Join(directory, "published"), "old")
		}
		write(t, filepath.Join(directory, "foreign"), "foreign")
		before := tree(t, directory)
		id, kill := startChild(t, directory)

		during := tree(t, directory)
		if _, ok := during["progress.json"]; !ok || during["published"] != "of the dead" {
			t.Fatalf("the child published %q and made progress.json: %t", during["published"], ok)
		}
		if removed, err := Sweep(directory); err != nil || len(removed) > 0 {
			t.Fatalf("sweep of a live run removed %v, %v", removed, err)
		}
		if diff := cmp.Diff(during, tree(t, directory)); diff != "" {
			t.Fatalf("a live run lost something:\n%s", diff)
		}

		kill()
		removed, err := Sweep(directory)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{filepath.Join(directory, "published"), filepath.Join(directory, prefix+id)}
		if diff := cmp.Diff(want, removed); diff != "" {
			t.Errorf("removed (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(before, tree(t, directory)); diff != "" {
			t.Errorf("replaced %t: directory (-before +after):\n%s", replaced, diff)
		}
		if removed, err := Sweep(directory); err != nil || len(removed) > 0 {
			t.Errorf("second sweep removed %v, %v", removed, err)
		}
	}
}

func TestSweepLeavesAnImageInUse(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	_, kill := startChild(t, directory)
	kill()
	unlock := lockLikeQEMU(t, filepath.Join(directory, "published"))
	var inUse *InUseError
	if _, err := Sweep(directory); !errors.As(err, &inUse) {
		t.Errorf("error is %v, want an InUseError", err)
	}
	if _, err := os.Stat(filepath.Join(directory, "published")); err != nil {
		t.Error(err)
	}
	unlock()
	if _, err := Sweep(directory); err != nil {
		t.Error(err)
	}
	if got := tree(t, directory); len(got) > 0 {
		t.Errorf("left: %v", got)
	}
}

// TestSweepLeavesAnImageThatWasUsed: a guest may have run from it since its run died.
func TestSweepLeavesAnImageThatWasUsed(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	_, kill := startChild(t, directory)
	kill()
	image := filepath.Join(directory, "published")
	used, err := os.OpenFile(image, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := used.WriteString("of the guest"); err != nil {
		t.Fatal(err)
	}
	if err := used.Close(); err != nil {
		t.Fatal(err)
	}
	var written *WrittenError
	if _, err := Sweep(directory); !errors.As(err, &written) || written.Path != image || !strings.Contains(written.Remedy(), written.Directory) {
		t.Fatalf("error is %v, want a WrittenError", err)
	}
	if data, err := os.ReadFile(image); err != nil || !strings.HasSuffix(string(data), "of the guest") {
		t.Errorf("the image holds %q, %v", data, err)
	}
	// What the remedy says.
	if err := os.RemoveAll(written.Directory); err != nil {
		t.Fatal(err)
	}
	if _, err := Sweep(directory); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(image); err != nil {
		t.Error(err)
	}
}

func TestSweepLeavesWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	id := "00000000-0000-4000-8000-000000000000"
	foreign, err := json.Marshal(owner{HostID: "another"})
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]func(t *testing.T, directory string){
		"a file of that name":      func(t *testing.T, d string) { write(t, d+"/"+prefix+id, "x") },
		"a name without an id":     func(t *testing.T, d string) { mkdir(t, d+"/"+prefix+"cache") },
		"a directory with no lock": func(t *testing.T, d string) { mkdir(t, d+"/"+prefix+id+"/work") },
		"a link to a directory": func(t *testing.T, d string) {
			mkdir(t, d+"/elsewhere/work")
			write(t, d+"/elsewhere/lock", "")
			symlink(t, "elsewhere", d+"/"+prefix+id)
		},
		"another host's run": func(t *testing.T, d string) {
			mkdir(t, d+"/"+prefix+id+"/work")
			write(t, d+"/"+prefix+id+"/lock", string(foreign))
		},
	}
	for name, prepare := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			prepare(t, directory)
			before := tree(t, directory)
			removed, err := Sweep(directory)
			if err != nil || len(removed) > 0 {
				t.Errorf("removed %v, %v", removed, err)
			}
			if diff := cmp.Diff(before, tree(t, directory)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSweepRemovesWhatWasKilledEarly(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	mkdir(t, filepath.Join(directory, prefix+"00000000-0000-4000-8000-000000000001"))
	mkdir(t, filepath.Join(directory, prefix+"probe-123"))
	locked := filepath.Join(directory, prefix+"00000000-0000-4000-8000-000000000002")
	mkdir(t, locked)
	write(t, filepath.Join(locked, lockName), "")
	// Of another container of this machine.
	contained := filepath.Join(directory, prefix+"00000000-0000-4000-8000-000000000003")
	mkdir(t, contained)
	by, err := json.Marshal(owner{HostID: "another", BootID: bootID()})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(contained, lockName), string(by))
	if _, err := Sweep(directory); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, directory); len(got) > 0 {
		t.Errorf("left: %v", got)
	}
}

func TestSweepRefusesAJournalThatLeavesTheDirectory(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	victim := filepath.Join(root, "victim")
	write(t, victim, "victim")
	file, err := fingerprint(victim)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root, "out", prefix+"00000000-0000-4000-8000-000000000003")
	mkdir(t, path)
	write(t, filepath.Join(path, lockName), "")
	if err := writeSynced(filepath.Join(path, journalName), []journalEntry{{Name: "../victim", File: file}}, 0o600, Readers{}); err != nil {
		t.Fatal(err)
	}
	if _, err := Sweep(filepath.Join(root, "out")); err == nil {
		t.Error("a journal with .. was followed")
	}
	if _, err := os.Stat(victim); err != nil {
		t.Error(err)
	}
}

func TestSweepMissingDirectory(t *testing.T) {
	t.Parallel()
	if removed, err := Sweep(filepath.Join(t.TempDir(), "none")); err != nil || removed != nil {
		t.Errorf("%v, %v", removed, err)
	}
}

// A run that begins may take a staging directory over that a sweep is just
// removing. It is the run's then, and nothing failed.
func TestSweepLeavesAStagingDirectoryThatARunHasTaken(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	swept, err := newStaging(directory, "489cd1cb-282b-4c43-9595-a08b0a7ee8e9")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(swept.path, lockName)); err != nil {
		t.Fatal(err)
	}
	taken, err := newStaging(directory, "489cd1cb-282b-4c43-9595-a08b0a7ee8e9")
	if err != nil {
		t.Fatal(err)
	}
	if err := swept.remove(); err != nil {
		t.Errorf("the sweep fails: %v", err)
	}
	if _, living := living(taken.path); !living {
		t.Error("the run has lost its staging directory")
	}
	if err := taken.remove(); err != nil {
		t.Error(err)
	}
	if left := tree(t, directory); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// Runs and sweeps meet in one directory: no run may lose anything, and nothing
// may remain.
func TestSweepAgainstNewRuns(t *testing.T) {
	t.Parallel()
	sweepsAgainstNewRuns(t, t.TempDir())
}

func sweepsAgainstNewRuns(t *testing.T, directory string) {
	t.Helper()
	stop, done := make(chan struct{}), make(chan error)
	go func() {
		for {
			select {
			case <-stop:
				done <- nil
				return
			default:
				if _, err := Sweep(directory); err != nil {
					done <- err
					<-stop
					return
				}
			}
		}
	}()
	for i := range 100 {
		r, err := NewRun(directory, uuid.NewString())
		if err != nil {
			// Ten losses in a row against a sweep that never rests.
			if strings.Contains(err.Error(), "loop") {
				continue
			}
			t.Fatal(i, err)
		}
		if err := os.WriteFile(filepath.Join(r.Dir(), "overlay"), nil, 0o600); err != nil {
			t.Fatal(i, err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(i, err)
		}
	}
	close(stop)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := Sweep(directory); err != nil {
		t.Error(err)
	}
	if got := slices.Collect(keys(tree(t, directory))); len(got) > 0 {
		t.Errorf("left: %v", got)
	}
}

func keys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}
