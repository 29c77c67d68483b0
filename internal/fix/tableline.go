package fix

import "strings"

// tableLine is a line of fstab or crypttab: fields between blanks. String
// gives back every byte that was not replaced.
type tableLine struct {
	fields []string // none for a comment or an empty line
	gaps   []string // gaps[i] stands before fields[i]; the last one after all of them
}

const blanks = " \t\r\n"

// parseTableLine splits a line, its line end included.
func parseTableLine(line string) tableLine {
	var t tableLine
	for rest := line; ; {
		field := strings.TrimLeft(rest, blanks)
		t.gaps = append(t.gaps, rest[:len(rest)-len(field)])
		if field == "" {
			return t
		}
		if len(t.fields) == 0 && field[0] == '#' {
			return tableLine{gaps: []string{line}}
		}
		end := strings.IndexAny(field, blanks)
		if end < 0 {
			end = len(field)
		}
		t.fields = append(t.fields, field[:end])
		rest = field[end:]
	}
}

// replace sets a field, and takes up the difference in length from the spaces
// behind it, so that the columns after it stay where they are if they can.
func (t *tableLine) replace(i int, value string) {
	grown := len(value) - len(t.fields[i])
	t.fields[i] = value
	gap := t.gaps[i+1]
	last := i == len(t.fields)-1
	if last || strings.Trim(gap, " ") != "" || len(gap) < 2 {
		return
	}
	t.gaps[i+1] = strings.Repeat(" ", max(1, len(gap)-grown))
}

func (t tableLine) String() string {
	var b strings.Builder
	for i, gap := range t.gaps {
		b.WriteString(gap)
		if i < len(t.fields) {
			b.WriteString(t.fields[i])
		}
	}
	return b.String()
}
