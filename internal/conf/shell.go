package conf

import (
	"fmt"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// ShellValue is one literal part of the value that a shell file assigns to a
// variable: source[start:end], without its quotes.
type ShellValue struct {
	Name       string
	Start, End int
	// Whole is set if the part is all of the value.
	Whole bool
}

// maxShell is how long a file of shell assignments may be, in bytes. Its parser calls
// itself several times for each bracket, and a longer text of those would take all of
// the stack, which ends the program.
const maxShell = 1 << 16

func parseShell(text string) (*syntax.File, error) {
	if len(text) > maxShell {
		return nil, fmt.Errorf("it has %d bytes, more than the %d that are read of a file of shell assignments", len(text), maxShell)
	}
	return syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), "")
}

// ShellValues parses a file of shell assignments and returns the parts of their
// values, in order. Commands between the assignments are passed over.
func ShellValues(source string) ([]ShellValue, error) {
	file, err := parseShell(source)
	if err != nil {
		return nil, err
	}
	var values []ShellValue
	syntax.Walk(file, func(node syntax.Node) bool {
		assign, ok := node.(*syntax.Assign)
		if !ok || assign.Name == nil || assign.Value == nil {
			return true
		}
		for _, part := range assign.Value.Parts {
			start, end := part.Pos().Offset(), part.End().Offset()
			switch p := part.(type) {
			case *syntax.Lit:
			case *syntax.SglQuoted:
				start, end = p.Left.Offset()+1, p.Right.Offset()
				if p.Dollar {
					start++
				}
			case *syntax.DblQuoted:
				start, end = p.Left.Offset()+1, p.Right.Offset()
				if p.Dollar {
					start++
				}
			default:
				continue
			}
			values = append(values, ShellValue{
				Name:  assign.Name.Value,
				Start: int(start), End: int(end),
				Whole: len(assign.Value.Parts) == 1,
			})
		}
		return true
	})
	return values, nil
}

// Assignments reads lines KEY=value, KEY="value" or KEY='value', with blanks
// around both, as os-release(5) and its like have them. It passes over all
// else, so that a file which is no valid shell is read too.
func Assignments(text string) map[string]string {
	values := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || strings.HasPrefix(key, "#") {
			continue
		}
		value, _ = UnquoteSpec(strings.TrimSpace(value))
		values[strings.TrimSpace(key)] = value
	}
	return values
}
