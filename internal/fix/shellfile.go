package fix

import (
	"fmt"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// shellValue is one literal part of the value that a shell file assigns to a
// variable: source[start:end], without its quotes.
type shellValue struct {
	name       string
	start, end int
	// whole is set if the part is all of the value.
	whole bool
}

// shellValues parses a file of shell assignments and returns the parts of their
// values, in order. Commands between the assignments are passed over.
func shellValues(source string) ([]shellValue, error) {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(source), "")
	if err != nil {
		return nil, err
	}
	var values []shellValue
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
			values = append(values, shellValue{
				name:  assign.Name.Value,
				start: int(start), end: int(end),
				whole: len(assign.Value.Parts) == 1,
			})
		}
		return true
	})
	return values, nil
}

// shellVariables says how to edit the values of a shell file's variables. The
// edit is given the text between the quotes; nil leaves the variable alone.
type shellVariables func(v shellValue, text string, c *cmdlineEditor) string

// editShellFile edits the values of assignments and keeps all else byte for
// byte. A file that is no shell is left alone, with a finding.
func editShellFile(source string, s bootScope, variables shellVariables) (string, []finding) {
	values, err := shellValues(source)
	if err != nil {
		if !mentionsStale(source) {
			return source, nil
		}
		return source, []finding{{err: fmt.Errorf("the file is no valid shell: %w", err), foreign: true}}
	}
	c := cmdlineEditor{names: s.names}
	var edits []edit
	for _, v := range values {
		text := source[v.start:v.end]
		c.where = v.name
		if edited := variables(v, text, &c); edited != text {
			edits = append(edits, edit{v.start, v.end, edited})
		}
	}
	return applyEdits(source, edits), c.findings
}

// mentionsStale is a rough look for a device name of the old machine.
func mentionsStale(text string) bool {
	for _, field := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n=\"',:", r) }) {
		if isStale(field) {
			return true
		}
	}
	return false
}

// stableValue turns a value that is one device name into its stable name.
func (c *cmdlineEditor) stableValue(text string, f form) string {
	spec := strings.TrimSpace(text)
	if !isStale(spec) {
		return text
	}
	name, err := c.names.stable(spec, f)
	if err != nil {
		c.find(c.where, spec, "", err)
		return text
	}
	return strings.Replace(text, spec, name, 1)
}
