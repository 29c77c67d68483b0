package bootloader

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// lvmFilter is the list of a filter of lvm.conf: its patterns in their order, as
// "a|/dev/sda.*|".
type lvmFilter struct {
	key        string
	start, end int // of the list in the file, its brackets included
	patterns   []lvmPattern
}

type lvmPattern struct {
	accept bool
	match  *regexp.Regexp
	text   string // as it stands between the quotes
	end    int    // in the file, behind the closing quote
}

var lvmFilterKey = regexp.MustCompile(`(?m)^[ \t]*(?:[A-Za-z_]+[ \t]*\{[ \t]*)*(?:devices[ \t]*/[ \t]*)?(global_filter|filter)[ \t]*=[ \t]*`)

// lvmFilters finds the filters in a text of lvm.conf's syntax.
func lvmFilters(text string) ([]lvmFilter, error) {
	var filters []lvmFilter
	for _, at := range lvmFilterKey.FindAllStringSubmatchIndex(text, -1) {
		filter, err := lvmFilterAt(text, text[at[2]:at[3]], at[1])
		if err != nil {
			return nil, err
		}
		filters = append(filters, filter)
	}
	return filters, nil
}

// lvmFilterAt reads the list, or the one string, that begins at start.
func lvmFilterAt(text, key string, start int) (lvmFilter, error) {
	f := lvmFilter{key: key, start: start}
	list := start < len(text) && text[start] == '['
	for i := start; i < len(text); {
		switch text[i] {
		case ']':
			f.end = i + 1
			return f, nil
		case '#':
			for i < len(text) && text[i] != '\n' {
				i++
			}
		case '"', '\'':
			quote := closingQuote(text, i)
			if quote < 0 {
				return f, fmt.Errorf("%s has a string without end", key)
			}
			p, err := parseLVMPattern(text[i+1 : quote])
			if err != nil {
				return f, fmt.Errorf("%s: %w", key, err)
			}
			p.end = quote + 1
			f.patterns = append(f.patterns, p)
			if i = quote + 1; !list {
				f.end = i
				return f, nil
			}
		default:
			i++
		}
	}
	return f, fmt.Errorf("%s has no end", key)
}

// closingQuote returns where the string that opens at i ends. Only within double
// quotes is a backslash an escape.
func closingQuote(text string, i int) int {
	for j := i + 1; j < len(text); j++ {
		switch {
		case text[j] == '\\' && text[i] == '"':
			j++
		case text[j] == text[i]:
			return j
		}
	}
	return -1
}

// parseLVMPattern reads a|regex| or r|regex|; any character, or a pair of
// brackets, may stand for the bars.
func parseLVMPattern(text string) (lvmPattern, error) {
	p := lvmPattern{text: text}
	unescaped := strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(text)
	if len(unescaped) < 3 || unescaped[0] != 'a' && unescaped[0] != 'r' {
		return p, fmt.Errorf("%q is no pattern", text)
	}
	p.accept = unescaped[0] == 'a'
	closing := unescaped[1]
	if i := strings.IndexByte("([{", closing); i >= 0 {
		closing = ")]}"[i]
	}
	if unescaped[len(unescaped)-1] != closing {
		return p, fmt.Errorf("%q does not end as it begins", text)
	}
	expression, err := regexp.Compile(unescaped[2 : len(unescaped)-1])
	p.match = expression
	return p, err
}

// accepts reports whether LVM takes a device that has these names: the first
// pattern that matches a name decides for it, one name that is accepted is
// enough, and what nothing matches is taken.
func (f lvmFilter) accepts(names ...string) bool {
	rejected := false
	for _, name := range names {
		i := slices.IndexFunc(f.patterns, func(p lvmPattern) bool { return p.match.MatchString(name) })
		switch {
		case i < 0:
		case f.patterns[i].accept:
			return true
		default:
			rejected = true
		}
	}
	return !rejected
}
