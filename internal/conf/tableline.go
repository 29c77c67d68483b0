package conf

import "strings"

// TableLine is a line of fstab or crypttab: fields between blanks. String
// gives back every byte that was not replaced.
type TableLine struct {
	Fields []string // none for a comment or an empty line
	Gaps   []string // gaps[i] stands before fields[i]; the last one after all of them
}

// ParseTableLine splits a line, its line end included.
func ParseTableLine(line string) TableLine {
	var t TableLine
	for rest := line; ; {
		field := strings.TrimLeft(rest, Blanks)
		t.Gaps = append(t.Gaps, rest[:len(rest)-len(field)])
		if field == "" {
			return t
		}
		if len(t.Fields) == 0 && field[0] == '#' {
			return TableLine{Gaps: []string{line}}
		}
		end := strings.IndexAny(field, Blanks)
		if end < 0 {
			end = len(field)
		}
		t.Fields = append(t.Fields, field[:end])
		rest = field[end:]
	}
}

// Replace sets a field, and takes up the difference in length from the spaces
// behind it, so that the columns after it stay where they are if they can.
func (t *TableLine) Replace(i int, value string) {
	grown := len(value) - len(t.Fields[i])
	t.Fields[i] = value
	gap := t.Gaps[i+1]
	last := i == len(t.Fields)-1
	if last || strings.Trim(gap, " ") != "" || len(gap) < 2 {
		return
	}
	t.Gaps[i+1] = strings.Repeat(" ", max(1, len(gap)-grown))
}

func (t TableLine) String() string {
	var b strings.Builder
	for i, gap := range t.Gaps {
		b.WriteString(gap)
		if i < len(t.Fields) {
			b.WriteString(t.Fields[i])
		}
	}
	return b.String()
}

// WithoutFields gives the line back without the fields that drop names, and
// without the blanks before them.
func (t TableLine) WithoutFields(drop func(field string) bool) string {
	var kept TableLine
	for i, field := range t.Fields {
		if !drop(field) {
			kept.Fields = append(kept.Fields, field)
			kept.Gaps = append(kept.Gaps, t.Gaps[i])
		}
	}
	kept.Gaps = append(kept.Gaps, t.Gaps[len(t.Gaps)-1])
	return kept.String()
}

// EditTable puts what edit makes of each line of a table, which has its line end,
// in the line's place. Lines with less than two fields stay. Lines are numbered
// from 1.
func EditTable(text string, edit func(number int, line string, t TableLine) string) string {
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		if t := ParseTableLine(line); len(t.Fields) > 1 {
			lines[i] = edit(i+1, line, t)
		}
	}
	return strings.Join(lines, "")
}
