package ini

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const unit = `# a comment
stray=1
[Unit]
After=a b
After=c
; another
  Wants = x
no entry
[Install]
WantedBy=one \
  two
Alias=old
Alias=
Alias=new
[Unit]
After=d
`

func TestParse(t *testing.T) {
	t.Parallel()
	file, bad := Parse(unit)
	if diff := cmp.Diff([]int{2, 8}, bad); diff != "" {
		t.Errorf("bad lines (-want +got):\n%s", diff)
	}
	for _, tc := range []struct {
		section, key string
		words        []string
		value        string
	}{
		{"Unit", "After", []string{"a", "b", "c", "d"}, "d"},
		{"Unit", "Wants", []string{"x"}, "x"},
		{"Install", "WantedBy", []string{"one", "two"}, "one  two"},
		{"Install", "Alias", []string{"new"}, "new"},
		{"Install", "After", nil, ""},
		{"Other", "After", nil, ""},
	} {
		if diff := cmp.Diff(tc.words, file.Words(tc.section, tc.key)); diff != "" {
			t.Errorf("words of %s.%s (-want +got):\n%s", tc.section, tc.key, diff)
		}
		if got := file.Value(tc.section, tc.key); got != tc.value {
			t.Errorf("value of %s.%s is %q", tc.section, tc.key, got)
		}
	}
	if !file.Has("Install") || file.Has("Service") {
		t.Error("Has does not tell sections")
	}
	if !file.HasKey("x", "Alias") || file.HasKey("alias") {
		t.Error("HasKey does not tell keys")
	}
}
