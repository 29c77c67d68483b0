package conf

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

func TestParseINI(t *testing.T) {
	t.Parallel()
	file, bad := ParseINI(unit)
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
	if got := file.String(); got != unit {
		t.Errorf("the text became %q", got)
	}
	if !file.Has("Install") || file.Has("Service") {
		t.Error("Has does not tell sections")
	}
	if !file.HasKey("x", "Alias") || file.HasKey("alias") {
		t.Error("HasKey does not tell keys")
	}
}

func TestINIWithout(t *testing.T) {
	t.Parallel()
	const in = "# c\n[Match]\nMACAddress=a \\\n  # inside\n  b\nType=ether\n[Link]\nMACAddress=c\n[Match]\nPath=x"
	want := "# c\n[Match]\nName=y\nType=ether\n[Link]\nMACAddress=c\n[Match]\n"
	got := ReadINI(in).Without("Match", []string{"MACAddress", "Path"}, "Name=y")
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(ReadINI(want), got); diff != "" {
		t.Errorf("it is not what its own text is read as (-want +got):\n%s", diff)
	}
}

func FuzzParseINI(f *testing.F) {
	f.Add(unit)
	f.Add("[a]\nb=c\\\n\n[d\\")
	f.Fuzz(func(t *testing.T, in string) {
		if got := ReadINI(in).String(); got != in {
			t.Errorf("%q became %q", in, got)
		}
	})
}
