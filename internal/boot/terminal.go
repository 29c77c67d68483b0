package boot

// screenFilter removes terminal control from a console's byte stream, keeping
// text, newlines and tabs. Sequences may be split over several writes.
type screenFilter struct {
	state    filterState
	previous byte
}

type filterState int

const (
	filterText    filterState = iota
	filterEscape              // after ESC
	filterCSI                 // ESC [ ... final byte
	filterString              // ESC ] ... BEL or ESC \
	filterCharset             // ESC ( and one byte
)

const (
	escape = 0x1b
	bell   = 0x07
)

// filter returns what is left of p.
func (f *screenFilter) filter(p []byte) []byte {
	text := make([]byte, 0, len(p))
	for _, c := range p {
		switch f.state {
		case filterText:
			text = f.plain(text, c)
		case filterEscape:
			f.state = afterEscape(c)
		case filterCSI:
			if c >= 0x40 && c <= 0x7e {
				f.state = filterText
				// Boot loaders draw a screen by moving the cursor: what is
				// written at a new place is a new line to the reader.
				if (c == 'H' || c == 'f') && f.previous != '\n' && f.previous != 0 {
					text, f.previous = append(text, '\n'), '\n'
				}
			}
		case filterString:
			switch c {
			case bell:
				f.state = filterText
			case escape:
				f.state = filterEscape
			}
		case filterCharset:
			f.state = filterText
		}
	}
	return text
}

func (f *screenFilter) plain(text []byte, c byte) []byte {
	switch {
	case c == escape:
		f.state = filterEscape
		return text
	case c == '\n' || c == '\t' || c >= 0x20 && c != 0x7f:
		f.previous = c
		return append(text, c)
	default: // carriage returns, backspaces, bells
		return text
	}
}

func afterEscape(c byte) filterState {
	switch c {
	case '[':
		return filterCSI
	case ']', 'P', '_', '^':
		return filterString
	case '(', ')', '#', '%':
		return filterCharset
	default:
		return filterText
	}
}
