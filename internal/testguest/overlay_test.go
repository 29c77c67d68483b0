package testguest

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWriteTar(t *testing.T) {
	t.Parallel()
	var archive bytes.Buffer
	err := writeTar(&archive, map[string]File{
		"/etc/hostname": {Content: "web01\n"},
		setupPath:       {Content: "true\n", Mode: 0o700},
	})
	if err != nil {
		t.Fatal(err)
	}
	type entry struct {
		Name, Content string
		Mode          int64
	}
	var got []entry
	for r := tar.NewReader(&archive); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, entry{h.Name, string(content), h.Mode})
	}
	want := []entry{
		{"./etc/", "", 0o755},
		{"./etc/hostname", "web01\n", 0o644},
		{"./root/", "", 0o700},
		{"." + setupPath, "true\n", 0o700},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

func TestWriteTarRefusesOddNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"etc/hostname", "/etc/../shadow", "/etc/"} {
		if err := writeTar(io.Discard, map[string]File{name: {}}); err == nil {
			t.Errorf("%q: no error", name)
		}
	}
}
