package conf

import (
	"fmt"
	"strings"
)

// How long YAML of a guest may be, in bytes, and how deep it may be nested: the time
// that its parser takes grows with the square of either, and nothing that configures
// a guest is anywhere near.
const (
	maxYAML      = 1 << 19
	maxYAMLDepth = 1000
)

// CheckYAML says why a text is not to be given to the parser of YAML.
func CheckYAML(text string) error {
	if len(text) > maxYAML {
		return fmt.Errorf("it has %d bytes, more than the %d that are read of YAML", len(text), maxYAML)
	}
	depth, deepest := 0, 0 // of brackets, by their number: quotes are not looked at
	for line := range strings.Lines(text) {
		line = strings.TrimLeft(line, Blanks)
		if strings.HasPrefix(line, "#") {
			continue
		}
		// "- - a" and "? ? a" nest, too.
		within := 0
		for strings.HasPrefix(line, "- ") || strings.HasPrefix(line, "? ") {
			line = strings.TrimLeft(line[2:], Blanks)
			within++
		}
		for _, c := range []byte(line) {
			switch c {
			case '[', '{':
				depth++
			case ']', '}':
				depth = max(depth-1, 0)
			}
			deepest = max(deepest, depth+within)
		}
		deepest = max(deepest, depth+within)
	}
	if deepest > maxYAMLDepth {
		return fmt.Errorf("it is nested more than %d deep", maxYAMLDepth)
	}
	return nil
}
