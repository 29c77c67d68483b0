package conf

import "strings"

// Word is one word of a command line, unquoted, that knows where in the source
// each of its bytes came from: a part of it can be replaced and all else kept.
type Word struct {
	Text       string
	At         []int // source offset of each byte of text
	Start, End int   // source range, quotes included
	Fixed      bool  // part of a larger quoted word: it cannot be written anew
}

// Edit replaces a range of the source.
type Edit struct {
	Start, End int
	Text       string
}

// ApplyEdits makes edits, which must be in order and not overlap.
func ApplyEdits(source string, edits []Edit) string {
	if len(edits) == 0 {
		return source
	}
	var b strings.Builder
	done := 0
	for _, e := range edits {
		b.WriteString(source[done:e.Start])
		b.WriteString(e.Text)
		done = e.End
	}
	b.WriteString(source[done:])
	return b.String()
}

// Replace makes the edit that turns text[from:to] into new. Where quotes or
// escapes lie within that range the whole word is written anew; that fails for
// a word which would need quotes itself.
func (w Word) Replace(from, to int, text string) (Edit, bool) {
	if from < to && w.At[to-1]-w.At[from] == to-1-from {
		return Edit{w.At[from], w.At[to-1] + 1, text}, true
	}
	if w.Fixed {
		return Edit{}, false
	}
	whole := w.Text[:from] + text + w.Text[to:]
	if strings.ContainsAny(whole, " \t\n\"'\\$;{}|&<>#") {
		return Edit{}, false
	}
	return Edit{w.Start, w.End, whole}, true
}

// KernelWords splits a command line as the kernel does: at blanks, except
// between double quotes. An escaped quote counts as one, for text that is
// itself inside the double quotes of a shell.
func KernelWords(source string) []Word {
	var words []Word
	var w *Word
	var text []byte
	quoted := false
	for i := 0; i < len(source); i++ {
		c := source[i]
		blank := strings.IndexByte(Blanks, c) >= 0
		if w == nil {
			if blank {
				continue
			}
			w = &Word{Start: i}
		}
		switch {
		case blank && !quoted:
			w.Text, w.End = string(text), i
			words = append(words, *w)
			w, text = nil, nil
		case c == '"':
			quoted = !quoted
		case c == '\\' && i+1 < len(source) && source[i+1] == '"':
			quoted = !quoted
			i++
		default:
			text = append(text, c)
			w.At = append(w.At, i)
		}
	}
	if w != nil {
		w.Text, w.End = string(text), len(source)
		words = append(words, *w)
	}
	return words
}

// Blanks stand between fields and words.
const Blanks = " \t\r\n"
