package conf

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseGrub(t *testing.T) {
	t.Parallel()
	in := "# c\nset root='hd0,msdos1'\nif [ a = b ]; then linux \"/x y\" a\\ b 'c'\"d\"; fi\n" +
		"menuentry \"it's\" {\n linux /k \\\n  root=x${y}#z # end\n}\necho 'un\nended"
	var got [][]string
	for _, statement := range ParseGrub(in) {
		var words []string
		for _, w := range statement {
			words = append(words, w.Text)
			if len(w.At) != len(w.Text) || w.End > len(in) || w.Start > w.End {
				t.Errorf("word %+v has no place in the source", w)
			}
			for i, at := range w.At {
				if in[at] != w.Text[i] {
					t.Errorf("byte %d of %q is not at %d", i, w.Text, at)
				}
			}
		}
		got = append(got, words)
	}
	want := [][]string{
		{"set", "root=hd0,msdos1"},
		{"if", "[", "a", "=", "b", "]"},
		{"then", "linux", "/x y", "a b", "cd"},
		{"fi"},
		{"menuentry", "it's"},
		{"{"},
		{"linux", "/k", "root=x${y}#z"},
		{"}"},
		{"echo", "un\nended"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
