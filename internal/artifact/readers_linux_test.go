package artifact

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Nobody may read or write what is made who could not read or write all of what
// it is made of: every user is tried against every mode and group.
func TestReadersLimit(t *testing.T) {
	t.Parallel()
	// A user is in some of the groups 1 and 2, and owns nothing.
	may := func(mode fs.FileMode, group uint32, in map[uint32]bool) fs.FileMode {
		if in[group] {
			return mode >> 3 & 0o7
		}
		return mode & 0o7
	}
	users := []map[uint32]bool{{}, {1: true}, {2: true}, {1: true, 2: true}}
	for bits := range fs.FileMode(0o100) {
		for _, group := range []uint32{1, 2, noGroup} {
			readers := Readers{files: []access{{0o600 | bits, group}, {0o666, 1}}}
			for _, own := range []uint32{1, 2} {
				got := readers.Limit(0o644, own)
				if got&0o600 != 0o600 || got&^0o644 != 0 {
					t.Errorf("%04o of group %d gives %04o: not 0644 for the owner", 0o600|bits, group, got)
				}
				for _, user := range users {
					if group == noGroup && bits>>3&bits&0o7 != may(bits, 1, user) {
						continue // who is in an unknown group cannot be told
					}
					if more := may(got, own, user) &^ may(bits, group, user); more != 0 {
						t.Errorf("%04o of group %d gives %04o of group %d, which allows %o to a user in %v", 0o600|bits, group, got, own, more, user)
					}
				}
			}
		}
	}
	for _, mode := range []fs.FileMode{0o644, 0o640, 0o600} {
		if got := (Readers{files: []access{{mode, 7}}}).Limit(0o644, 7); got != mode {
			t.Errorf("a source of mode %04o and the same group gives %04o", mode, got)
		}
	}
	if got := (Readers{files: []access{{0o640, 7}}}).Limit(0o644, 8); got != 0o600 {
		t.Errorf("a source for another group gives %04o", got)
	}
}

// A record is no more readable than its file, also when it is written anew.
func TestRecordModes(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	r := newRun(t, directory)
	image, report := filepath.Join(directory, "disk.qcow2"), filepath.Join(directory, "report.json")
	p := temporary(t, r, image, "image")
	write(t, report, "report")
	for _, path := range []string{p.Temporary, report} {
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.PublishAll([]Publication{p}, false); err != nil {
		t.Fatal(err)
	}
	if err := r.Claim(report, Record{}); err != nil {
		t.Fatal(err)
	}
	check := func() {
		t.Helper()
		for _, path := range []string{image, report} {
			info, err := os.Stat(RecordPath(path))
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the record of %s: %v, %v", path, info, err)
			}
		}
	}
	check()
	write(t, report, "another report")
	if err := Renew(report, r.ID); err != nil {
		t.Fatal(err)
	}
	check()
	if status := Check(report, Identity{RunID: r.ID}); status.State != StateOwned {
		t.Errorf("the renewed record makes it %s (%s)", status.State, status.Reason)
	}
	if err := Renew(report, "another run"); err == nil {
		t.Error("the record of another run was changed")
	}
}

// What cannot be taken back now is known to the next sweep.
func TestRetractThatFails(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	final := filepath.Join(directory, "disk.qcow2")
	r := newRun(t, directory)
	if err := r.PublishAll([]Publication{temporary(t, r, final, "image")}, false); err != nil {
		t.Fatal(err)
	}
	// A directory in the place of the record cannot be removed as a file.
	sidecar := RecordPath(final)
	if err := os.Rename(sidecar, sidecar+".kept"); err != nil {
		t.Fatal(err)
	}
	mkdir(t, sidecar)
	if err := r.Retract(); err == nil {
		t.Error("taking back succeeds though it cannot")
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(sidecar); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(sidecar+".kept", sidecar); err != nil {
		t.Fatal(err)
	}
	if _, err := Sweep(directory); err != nil {
		t.Fatal(err)
	}
	nothingIn(t, directory)
}
