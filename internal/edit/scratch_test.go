package edit

import (
	"io"
	"os"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

func TestScratchFileHasNoName(t *testing.T) {
	directory := t.TempDir()
	t.Setenv("TMPDIR", "/nonexistent")
	file, err := newEditor(t, Guest{FS: guesttest.New(t), Scratch: directory}, false).ScratchFile()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString("a guest's secret"); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(directory); err != nil || len(left) > 0 {
		t.Errorf("in the directory there is %v, %v", left, err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(file); string(text) != "a guest's secret" || err != nil {
		t.Errorf("it holds %q, %v", text, err)
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
}
