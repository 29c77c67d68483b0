package worker

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLines(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		writes []string
		want   []string
	}{
		"whole lines":           {[]string{"a\nb\n"}, []string{"a false", "b false"}},
		"line over two writes":  {[]string{"a", "b\n"}, []string{"ab false"}},
		"carriage return":       {[]string{"a\r\n"}, []string{"a false"}},
		"last line has no end":  {[]string{"a\nb"}, []string{"a false", "b false"}},
		"empty line":            {[]string{"\na\n"}, []string{" false", "a false"}},
		"as long as allowed":    {[]string{"12345678\n"}, []string{"12345678 false"}},
		"too long":              {[]string{"123456789\nb\n"}, []string{"12345678 true", "b false"}},
		"too long, many writes": {[]string{"12345", "6789", "0", "\nb\n"}, []string{"12345678 true", "b false"}},
		"nothing":               {[]string{""}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			l := newLines(func(line []byte, cut bool) { got = append(got, fmt.Sprintf("%s %t", line, cut)) }, 8)
			for _, text := range test.writes {
				if n, err := l.Write([]byte(text)); n != len(text) || err != nil {
					t.Errorf("Write(%q) = %d, %v", text, n, err)
				}
			}
			l.flush()
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTailKeepsTheLastLines(t *testing.T) {
	t.Parallel()
	tail := newTail(nil)
	for i := range 3 * tailLines {
		tail.line(fmt.Appendf(nil, "line %d", i), false)
	}
	got := strings.Split(tail.String(), "\n")
	if len(got) != tailLines || got[0] != fmt.Sprintf("line %d", 2*tailLines) {
		t.Errorf("kept %d lines, the first of them %q", len(got), got[0])
	}
}
