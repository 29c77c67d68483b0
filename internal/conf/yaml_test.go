package conf

import (
	"fmt"
	"strings"
	"testing"
)

// TestYAMLWithoutEnd: some lines of a guest must not take all of the time or the memory.
func TestYAMLWithoutEnd(t *testing.T) {
	t.Parallel()
	bomb := "a0: &a0 [" + strings.Repeat("x, ", 100) + "x]\n"
	for n := range 8 {
		bomb += fmt.Sprintf("a%d: &a%[1]d [%s*a%d]\n", n+1, strings.Repeat(fmt.Sprintf("*a%d, ", n), 30), n)
	}
	const honest = "network:\n  ethernets:\n    # [[[ as it was\n    eth0: {addresses: [192.0.2.1/24, \"2001:db8::1/64\"]}\n"
	for name, test := range map[string]struct{ text, want string }{
		"aliases of aliases": {bomb, "more than can be compared"},
		"brackets":           {strings.Repeat("[", 100_000), "nested"},
		"braces":             {strings.Repeat("{a: ", 100_000), "nested"},
		"dashes":             {strings.Repeat("- ", 100_000), "nested"},
		"long":               {strings.Repeat("a: b\n", 200_000), "bytes"},
		"honest":             {honest, ""},
		"many lists":         {"a:\n" + strings.Repeat("  - [b, {c: d}]\n", 2000), ""},
		"many comments":      {strings.Repeat("# [[[[\n", 2000) + honest, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			entries, err := YAMLEntries(test.text)
			if test.want == "" && (err != nil || len(entries) == 0) {
				t.Errorf("%d entries, %v", len(entries), err)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("%d entries, %v, want %q", len(entries), err, test.want)
			}
		})
	}
}
