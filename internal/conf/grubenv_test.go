package conf

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGrubEnvironment(t *testing.T) {
	t.Parallel()
	const head = "# GRUB Environment Block\n"
	text := head + "# a=b\nsaved_entry=a \\\\ b=c\ntitle=two\\\nlines\nempty=\n"
	env, ok := ParseGrubEnvironment(text + strings.Repeat("#", GrubEnvironmentBlock-len(text)))
	if !ok {
		t.Fatal("it is no environment block")
	}
	want := map[string]string{"saved_entry": `a \ b=c`, "title": "two\nlines", "empty": ""}
	if diff := cmp.Diff(want, env.Values()); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	edited := env.Edit(func(name, value string) string {
		if name == "empty" {
			return "x" + value
		}
		return value
	}).String()
	if want := strings.Replace(text, "empty=\n", "empty=x\n", 1); !strings.HasPrefix(edited, want+"#") || len(edited) != GrubEnvironmentBlock {
		t.Errorf("edited it is %q of %d bytes", edited, len(edited))
	}
	for _, other := range []string{"", "saved_entry=x\n", head + "saved_entry=x#"} {
		if _, ok := ParseGrubEnvironment(other); ok {
			t.Errorf("%q was taken for an environment block", other)
		}
	}
}
