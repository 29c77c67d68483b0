package fix

import "strings"

// word is one word of a command line, unquoted, that knows where in the source
// each of its bytes came from: a part of it can be replaced and all else kept.
type word struct {
	text       string
	at         []int // source offset of each byte of text
	start, end int   // source range, quotes included
	fixed      bool  // part of a larger quoted word: it cannot be written anew
}

// edit replaces a range of the source.
type edit struct {
	start, end int
	text       string
}

// applyEdits makes edits, which must be in order and not overlap.
func applyEdits(source string, edits []edit) string {
	if len(edits) == 0 {
		return source
	}
	var b strings.Builder
	done := 0
	for _, e := range edits {
		b.WriteString(source[done:e.start])
		b.WriteString(e.text)
		done = e.end
	}
	b.WriteString(source[done:])
	return b.String()
}

// replace makes the edit that turns text[from:to] into new. Where quotes or
// escapes lie within that range the whole word is written anew; that fails for
// a word which would need quotes itself.
func (w word) replace(from, to int, new string) (edit, bool) {
	if from < to && w.at[to-1]-w.at[from] == to-1-from {
		return edit{w.at[from], w.at[to-1] + 1, new}, true
	}
	if w.fixed {
		return edit{}, false
	}
	whole := w.text[:from] + new + w.text[to:]
	if strings.ContainsAny(whole, " \t\n\"'\\$;{}|&<>#") {
		return edit{}, false
	}
	return edit{w.start, w.end, whole}, true
}

// kernelWords splits a command line as the kernel does: at blanks, except
// between double quotes. An escaped quote counts as one, for text that is
// itself inside the double quotes of a shell.
func kernelWords(source string) []word {
	var words []word
	var w *word
	var text []byte
	quoted := false
	for i := 0; i < len(source); i++ {
		c := source[i]
		blank := strings.IndexByte(blanks, c) >= 0
		if w == nil {
			if blank {
				continue
			}
			w = &word{start: i}
		}
		switch {
		case blank && !quoted:
			w.text, w.end = string(text), i
			words = append(words, *w)
			w, text = nil, nil
		case c == '"':
			quoted = !quoted
		case c == '\\' && i+1 < len(source) && source[i+1] == '"':
			quoted = !quoted
			i++
		default:
			text = append(text, c)
			w.at = append(w.at, i)
		}
	}
	if w != nil {
		w.text, w.end = string(text), len(source)
		words = append(words, *w)
	}
	return words
}
