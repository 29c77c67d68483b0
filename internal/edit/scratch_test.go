package edit

import (
	"io"
	"os"
	"testing"
)

func TestScratchFileHasNoName(t *testing.T) {
	directory := t.TempDir()
	t.Setenv("TMPDIR", directory)
	file, err := ScratchFile()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString("a guest's secret"); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(directory); err != nil || len(left) > 0 {
		t.Errorf("in the temporary directory there is %v, %v", left, err)
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
