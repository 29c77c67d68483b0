package fix

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

func TestBackupFS(t *testing.T) {
	t.Parallel()
	tree := guesttest.New(t, map[string]string{"/etc/a": "a", "/etc/b": "b", "/etc/d": "d"})
	if err := tree.Symlink("a", "/etc/c"); err != nil {
		t.Fatal(err)
	}
	kept := NewBackupFS(tree, true)
	if kept.Directory() != "" {
		t.Error("there are backups before any change")
	}
	for _, err := range []error{
		kept.WriteFile("/etc/a", []byte("changed"), 0o644),
		kept.Remove("/etc/b"),
		kept.Symlink("d", "/etc/c"),
		kept.Chmod("/etc/d", 0o600),
		kept.WriteFile("/etc/new", []byte("secret"), 0o644),
		kept.Chmod("/etc/new", 0o600),
		kept.Chown("/etc/new", 1, 1),
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
	if index, err := tree.ReadFile(backupIndex); err != nil || !strings.Contains(string(index), `"symlink_target": "a"`) {
		t.Errorf("index is %s, %v", index, err)
	}
	if kept.Directory() != backupDirectory {
		t.Errorf("directory is %q", kept.Directory())
	}
}

func TestBackupFSOff(t *testing.T) {
	t.Parallel()
	tree := guesttest.New(t, map[string]string{"/etc/a": "a"})
	if err := NewBackupFS(tree, false).Remove("/etc/a"); err != nil {
		t.Fatal(err)
	}
	if _, err := tree.Stat(backupDirectory); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a backup was made: %v", err)
	}
}
