package worker

import "bytes"

// lines is an io.Writer that hands complete lines, without their end, to a
// function. Of a line longer than limit bytes only the beginning is handed
// over, marked as cut, so that a child that has gone mad cannot fill the memory.
type lines struct {
	handle func(line []byte, cut bool)
	limit  int
	buffer []byte
	cut    bool
}

func newLines(handle func(line []byte, cut bool), limit int) *lines {
	return &lines{handle: handle, limit: limit}
}

// Write implements io.Writer and never fails.
func (l *lines) Write(data []byte) (int, error) {
	written := len(data)
	for {
		end := bytes.IndexByte(data, '\n')
		if end < 0 {
			l.add(data)
			return written, nil
		}
		l.add(data[:end])
		l.flushLine()
		data = data[end+1:]
	}
}

// flush hands over a last line that has no end.
func (l *lines) flush() {
	if len(l.buffer) > 0 {
		l.flushLine()
	}
}

func (l *lines) add(data []byte) {
	if room := l.limit - len(l.buffer); len(data) > room {
		data = data[:room]
		l.cut = true
	}
	l.buffer = append(l.buffer, data...)
}

func (l *lines) flushLine() {
	l.handle(bytes.TrimSuffix(l.buffer, []byte("\r")), l.cut)
	if cap(l.buffer) > 1<<20 {
		l.buffer = nil
	}
	l.buffer = l.buffer[:0]
	l.cut = false
}
