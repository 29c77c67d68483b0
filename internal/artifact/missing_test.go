package artifact

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestCheckMissing has the image gone with its record, but where a case says
// otherwise. The worst answers are to call one gone that another host still has,
// and to know nothing of one that is gone.
func TestCheckMissing(t *testing.T) {
	t.Parallel()
	unmark := func(t *testing.T, directory string) {
		if err := unix.Removexattr(directory, markName); err != nil {
			t.Fatal(err)
		}
	}
	anew := func(t *testing.T, directory string) {
		if err := os.RemoveAll(directory); err != nil {
			t.Fatal(err)
		}
		mkdir(t, directory)
	}
	gone := func(t *testing.T, directory string) {
		if err := os.RemoveAll(directory); err != nil {
			t.Fatal(err)
		}
	}
	nothing := func(*testing.T, string) {}
	otherHost := func(i *Identity) { i.HostID = "another" }
	otherFileSystem := func(i *Identity) { i.Device++; i.FileSystem = "another" }
	noMark := func(i *Identity) { i.Mark = "" }
	given := func(recorded, here string) func(*Identity) {
		return func(i *Identity) { i.HostID, i.Here = recorded, here }
	}
	for name, test := range map[string]struct {
		do   func(t *testing.T, directory string)
		want []func(*Identity)
		then State
	}{
		"on this host":                            {nothing, nil, StateMissing},
		"of another host, in its directory":       {nothing, []func(*Identity){otherHost}, StateMissing},
		"from another mount of the directory":     {nothing, []func(*Identity){otherHost, otherFileSystem}, StateMissing},
		"of another host, not its directory":      {unmark, []func(*Identity){otherHost}, StateElsewhere},
		"of another host, no directory":           {gone, []func(*Identity){otherHost}, StateElsewhere},
		"of another host, directory made anew":    {anew, []func(*Identity){otherHost}, StateElsewhere},
		"of another host, without marks":          {unmark, []func(*Identity){otherHost, noMark}, StateElsewhere},
		"directory gone":                          {gone, nil, StateUnknown},
		"directory made anew":                     {anew, nil, StateMissing},
		"directory made anew, other file system":  {anew, []func(*Identity){otherFileSystem}, StateUnknown},
		"a clone with the same directory":         {unmark, nil, StateUnknown},
		"without marks":                           {unmark, []func(*Identity){noMark}, StateMissing},
		"without marks, other file system":        {unmark, []func(*Identity){noMark, otherFileSystem}, StateUnknown},
		"the same number of another device":       {unmark, []func(*Identity){noMark, func(i *Identity) { i.FileSystem = "another" }}, StateUnknown},
		"device renumbered":                       {unmark, []func(*Identity){noMark, func(i *Identity) { i.Device++ }}, StateMissing},
		"nothing remembered":                      {unmark, []func(*Identity){func(i *Identity) { *i = Identity{RunID: i.RunID} }}, StateMissing},
		"hosts with one id":                       {unmark, []func(*Identity){noMark, given("pool", "pool")}, StateMissing},
		"hosts with one id, not mounted":          {unmark, []func(*Identity){noMark, given("pool", "pool"), otherFileSystem}, StateUnknown},
		"hosts with two ids":                      {unmark, []func(*Identity){noMark, given("a", "b")}, StateElsewhere},
		"this host was given an id since":         {unmark, []func(*Identity){noMark, given(HostID(), "b")}, StateElsewhere},
		"two ids, and the directory is the right": {nothing, []func(*Identity){given("a", "b")}, StateMissing},
		"what is known is of another directory":   {unmark, []func(*Identity){otherFileSystem, func(i *Identity) { i.Directory = "/reports" }}, StateMissing},
		"another run's record in another place": {func(t *testing.T, directory string) {
			anew(t, directory)
			write(t, filepath.Join(directory, ".disk.qcow2"+sidecarSuffix), `{"version": 1, "run_id": "another"}`)
		}, []func(*Identity){otherHost}, StateElsewhere},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := filepath.Join(t.TempDir(), "out")
			mkdir(t, directory)
			path := filepath.Join(directory, "disk.qcow2")
			publish(t, path, "image")
			record, err := ReadRecord(path)
			if err != nil {
				t.Fatal(err)
			}
			if record.Mark == "" || record.File.FileSystem == "" {
				t.Skip("this file system has no extended attributes, or no id")
			}
			for _, file := range []string{path, RecordPath(path)} {
				if err := os.Remove(file); err != nil {
					t.Fatal(err)
				}
			}
			test.do(t, directory)
			want := record.Identity()
			for _, change := range test.want {
				change(&want)
			}
			if got := Check(path, want); got.State != test.then || got.Reason == "" {
				t.Errorf("state is %s (%s), want %s", got.State, got.Reason, test.then)
			}
		})
	}
}

// A directory that exists has not been deleted.
func TestCheckMissingInADirectoryWithoutItsMark(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "disk.qcow2")
	publish(t, path, "image")
	record, err := ReadRecord(path)
	if err != nil || record.Mark == "" {
		t.Skipf("this file system has no extended attributes (%v)", err)
	}
	if err := errors.Join(os.Remove(path), os.Remove(RecordPath(path)), unix.Removexattr(filepath.Dir(path), markName)); err != nil {
		t.Fatal(err)
	}
	got := Check(path, record.Identity())
	if !strings.Contains(got.Reason, "which exists, has not the mark") || strings.Contains(got.Reason, "if it was deleted") {
		t.Errorf("%s: %s", got.State, got.Reason)
	}
}

// What this host may not look at, it cannot tell of another.
func TestCheckWhatCannotBeLookedAt(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	symlink(t, "loop", filepath.Join(directory, "loop"))
	for host, want := range map[string]State{HostID(): StateUnknown, "another": StateElsewhere} {
		if got := Check(filepath.Join(directory, "loop", "disk.qcow2"), Identity{HostID: host}); got.State != want {
			t.Errorf("of %q: %s (%s)", host, got.State, got.Reason)
		}
	}
}

// A record without its file says where the file was, whoever looks: the
// directory need not be the one that was marked, as after a restore.
func TestCheckMissingBesideItsRecord(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "disk.qcow2")
	publish(t, path, "image")
	record, err := ReadRecord(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]Identity{
		"as published": record.Identity(),
		"elsewhere":    {RunID: record.RunID, HostID: "another", Device: 1, FileSystem: "another", Mark: "another", Created: time.Now()},
		"unknown":      {},
	} {
		if got := Check(path, want); got.State != StateMissing || got.Record == nil {
			t.Errorf("%s: %s (%s), record %v", name, got.State, got.Reason, got.Record)
		}
	}
}

func TestMarkDirectory(t *testing.T) {
	t.Parallel()
	directory, other := t.TempDir(), t.TempDir()
	marks := make(chan string)
	for range 8 {
		go func() { marks <- markDirectory(directory) }()
	}
	first := <-marks
	if first == "" {
		t.Skip("this file system has no extended attributes")
	}
	for range 7 {
		if mark := <-marks; mark != first {
			t.Errorf("marks %s and %s", first, mark)
		}
	}
	if mark := markDirectory(other); mark == first || mark == "" {
		t.Errorf("another directory has the mark %q", mark)
	}
	if err := unix.Setxattr(other, markName, []byte("mine"), 0); err != nil {
		t.Fatal(err)
	}
	if mark := markDirectory(other); mark != "" {
		t.Errorf("a strange mark is taken for one: %q", mark)
	}
	if mark := markDirectory(filepath.Join(other, "absent")); mark != "" {
		t.Errorf("a directory that is not there has the mark %q", mark)
	}
}

func TestRemoteSource(t *testing.T) {
	t.Parallel()
	const mounts = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
36 22 0:45 / /images rw,relatime shared:9 - nfs4 nas:/export/images rw,vers=4.1
37 22 0:46 /sub /share rw - cifs //nas/share rw
38 22 0:47 / /fuse rw - fuse.bindfs /srv/images rw
39 22 0:48 / /tmp rw - tmpfs tmpfs rw
40 22 0:49
`
	for minor, want := range map[uint32]string{45: "nas:/export/images", 46: "//nas/share", 47: "", 48: "", 49: "", 50: ""} {
		if got := remoteSource(mounts, 0, minor); got != want {
			t.Errorf("device 0:%d comes from %q, want %q", minor, got, want)
		}
	}
	if got := remoteSource(mounts, 254, 0); got != "" {
		t.Errorf("a disk comes from %q", got)
	}
}
