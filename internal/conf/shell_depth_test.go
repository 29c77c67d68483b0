package conf

import (
	"strings"
	"testing"
)

// TestShellNestedWithoutEnd: brackets of a guest must not take all of the stack, which
// would end the program.
func TestShellNestedWithoutEnd(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(text string) error{
		"values":  func(text string) error { _, err := ShellValues(text); return err },
		"entries": func(text string) error { _, err := ShellEntries(text); return err },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := read(strings.Repeat("(", 200_000)); err == nil || !strings.Contains(err.Error(), "200000 bytes") {
				t.Errorf("of brackets: %v", err)
			}
			if err := read(strings.Repeat("$((", maxShell/3)); err == nil {
				t.Error("brackets without an end are read")
			}
			if err := read(strings.Repeat("NAME=value\n", 5000)); err != nil {
				t.Errorf("of assignments: %v", err)
			}
		})
	}
}
