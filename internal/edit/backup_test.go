package edit

import (
	"encoding/json"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

func newEditor(t *testing.T, g Guest, backup bool) *Editor {
	t.Helper()
	e, err := New(g, backup)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestBackupKeepsTheOriginal(t *testing.T) {
	t.Parallel()
	tree := guesttest.New(t, map[string]string{"/etc/a": "original", "/etc/target": "through a link"})
	if err := tree.Chmod("/etc/a", 0o640); err != nil {
		t.Fatal(err)
	}
	if err := tree.Chown("/etc/a", 7, 8); err != nil {
		t.Fatal(err)
	}
	if err := tree.Symlink("target", "/etc/link"); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"first", "second"} { // of two runs
		e := newEditor(t, Guest{FS: tree}, true)
		for _, name := range []string{"/etc/a", "/etc/link", "/etc/new"} {
			if err := e.Write(name, text, 0o600, "test"); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, want := range map[string]string{"/etc/a": "original", "/etc/link": "through a link"} {
		if got, err := tree.ReadFile(backupDirectory + name); string(got) != want || err != nil {
			t.Errorf("backup of %s = %q, %v, want %q", name, got, err, want)
		}
	}
	info, err := tree.Stat(backupDirectory + "/etc/a")
	if err != nil || info.Mode.Perm() != 0o640 || info.UID != 7 || info.GID != 8 {
		t.Errorf("backup = %+v, %v, want the original's owner and mode", info, err)
	}
	if info, err := tree.Stat(backupDirectory); err != nil || info.Mode.Perm() != 0o700 {
		t.Errorf("directory = %+v, %v, want mode 0700", info, err)
	}
	var index map[string]backupEntry
	data, err := tree.ReadFile(backupDirectory + "/" + backupIndex)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &index); err != nil {
		t.Fatal(err)
	}
	if index["/etc/a"].Mode != "0640" || index["/etc/a"].UID != 7 || index["/etc/link"].Target != "target" {
		t.Errorf("index = %+v", index)
	}
}

func TestBackupOff(t *testing.T) {
	t.Parallel()
	tree := guesttest.New(t, map[string]string{"/etc/a": "original"})
	e := newEditor(t, Guest{FS: tree}, false)
	if err := e.Remove("/etc/a", "test"); err != nil {
		t.Fatal(err)
	}
	if _, err := tree.Stat(backupDirectory); err == nil || e.BackupDirectory() != "" {
		t.Error("a backup was made")
	}
}

func TestWriteRecords(t *testing.T) {
	t.Parallel()
	tree := guesttest.New(t, map[string]string{"/etc/a": "x\n"})
	e := newEditor(t, Guest{FS: tree}, false)
	for _, step := range []func() error{
		func() error { return e.Write("/etc/a", "x\n", 0o644, "same") },
		func() error { return e.Write("/etc/a", "y\n", 0o644, "other") },
		func() error { return e.Write("/etc/d/b", "z\n", 0o600, "new") },
		func() error { return e.Remove("/etc/none", "nothing there") },
		func() error { return e.Remove("/etc/a", "gone") },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	changes, _ := e.Take()
	for _, c := range changes {
		got = append(got, c.Action+" "+c.Path)
	}
	want := []string{"modified /etc/a", "created /etc/d/b", "removed /etc/a"}
	if len(got) != len(want) || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("changes = %v, want %v", got, want)
	}
	if info, err := tree.Stat("/etc/d/b"); err != nil || info.Mode != fs.FileMode(0o600) {
		t.Errorf("new file = %+v, %v, want mode 0600", info, err)
	}
}

func TestBackupBeforeEveryKindOfChange(t *testing.T) {
	t.Parallel()
	tree := guesttest.New(t, map[string]string{"/etc/a": "a", "/etc/b": "b", "/etc/d": "d"})
	if err := tree.Symlink("a", "/etc/c"); err != nil {
		t.Fatal(err)
	}
	kept := newEditor(t, Guest{FS: tree}, true)
	if kept.BackupDirectory() != "" {
		t.Error("there are backups before any change")
	}
	enforce := func(name string, perm fs.FileMode, uid, gid int) error {
		changed, err := kept.Enforce(name, perm, uid, gid)
		if !changed {
			t.Errorf("%s had the mode and owner before", name)
		}
		return err
	}
	for _, err := range []error{
		kept.Put("/etc/a", []byte("changed"), 0o644),
		kept.Delete("/etc/b"),
		kept.Symlink("d", "/etc/c"),
		enforce("/etc/d", 0o600, 0, 0),
		kept.Put("/etc/new", []byte("secret"), 0o644),
		enforce("/etc/new", 0o600, 0, 0),
		enforce("/etc/new", 0o600, 1, 1),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"a", "b", "d"} {
		if got, err := tree.ReadFile(backupDirectory + "/etc/" + name); string(got) != name || err != nil {
			t.Errorf("backup of %s is %q, %v", name, got, err)
		}
	}
	if _, err := tree.Lstat(backupDirectory + "/etc/new"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was made anew was taken for an original: %v", err)
	}
	if index, err := tree.ReadFile(backupDirectory + "/" + backupIndex); err != nil || !strings.Contains(string(index), `"symlink_target": "a"`) {
		t.Errorf("index is %s, %v", index, err)
	}
	if kept.BackupDirectory() != backupDirectory {
		t.Errorf("directory is %q", kept.BackupDirectory())
	}
}

func TestEditorNeedsAGuest(t *testing.T) {
	t.Parallel()
	if _, err := New(Guest{}, true); err == nil {
		t.Error("no error without a file system")
	}
}
