package fix

import (
	"encoding/json"
	"io/fs"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

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
		r := newRun(Target{FS: tree}, Options{Backup: true})
		for _, name := range []string{"/etc/a", "/etc/link", "/etc/new"} {
			if err := r.write(name, text, 0o600, "test"); err != nil {
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
	data, err := tree.ReadFile(backupIndex)
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
	r := newRun(Target{FS: tree}, Options{})
	if err := r.remove("/etc/a", "test"); err != nil {
		t.Fatal(err)
	}
	if _, err := tree.Stat(backupDirectory); err == nil || r.finish().BackupDirectory != "" {
		t.Error("a backup was made")
	}
}

func TestWriteRecords(t *testing.T) {
	t.Parallel()
	tree := guesttest.New(t, map[string]string{"/etc/a": "x\n"})
	r := newRun(Target{FS: tree}, Options{})
	for _, step := range []func() error{
		func() error { return r.write("/etc/a", "x\n", 0o644, "same") },
		func() error { return r.write("/etc/a", "y\n", 0o644, "other") },
		func() error { return r.write("/etc/d/b", "z\n", 0o600, "new") },
		func() error { return r.remove("/etc/none", "nothing there") },
		func() error { return r.remove("/etc/a", "gone") },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, c := range r.result.Changes {
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
