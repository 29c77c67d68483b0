package boot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sync"
)

// ErrConsoleClosed says that the machine is gone.
var ErrConsoleClosed = errors.New("the serial console was closed")

// maxConsole is how much of a console's text is kept, in bytes: a guest can print
// for ever.
const maxConsole = 4 << 20

// Console is a guest's serial console: its text so far, and a keyboard.
type Console struct {
	input io.Writer

	mu       sync.Mutex
	text     []byte // the last of it
	closed   bool
	changed  chan struct{} // closed and replaced at every change
	seen     int           // end of what Expect has matched in text
	answered int           // end of what answer has answered in text
}

// NewConsole follows output until it ends; log, if not nil, gets the text too.
func NewConsole(input io.Writer, output io.Reader, log io.Writer) *Console {
	c := &Console{input: input, changed: make(chan struct{})}
	go c.follow(output, log)
	return c
}

func (c *Console) follow(output io.Reader, log io.Writer) {
	var screen screenFilter
	buffer := make([]byte, 4096)
	for {
		n, err := output.Read(buffer)
		text := screen.filter(buffer[:n])
		if log != nil && len(text) > 0 {
			// A log that cannot be written must not stop the guest.
			_, _ = log.Write(text)
		}
		c.mu.Lock()
		c.append(text)
		c.closed = err != nil
		close(c.changed)
		c.changed = make(chan struct{})
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (c *Console) append(text []byte) {
	c.text = append(c.text, text...)
	if over := len(c.text) - maxConsole; over > 0 {
		over += maxConsole / 2 // not at every line
		c.text = append([]byte(nil), c.text[over:]...)
		c.seen, c.answered = max(0, c.seen-over), max(0, c.answered-over)
	}
}

// Text returns what the guest has printed, without terminal escapes: all of it,
// or the last megabytes.
func (c *Console) Text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.text)
}

// Send types text. End it with "\n" to press Enter.
func (c *Console) Send(text string) error {
	if _, err := io.WriteString(c.input, text); err != nil {
		return fmt.Errorf("typing on the serial console: %w", err)
	}
	return nil
}

// answer types a line in answer to what was asked so far.
func (c *Console) answer(line string) error {
	c.mu.Lock()
	c.answered = len(c.text)
	c.mu.Unlock()
	return c.Send(line + "\n")
}

// unanswered is the text behind what was answered.
func (c *Console) unanswered() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.text[c.answered:])
}

// change is closed at the next change. It is nil when there is none any more.
func (c *Console) change() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	return c.changed
}

// Expect waits until one of the patterns matches what was printed after the
// last match, and returns which one did and its submatches. The pattern that is
// listed first wins.
func (c *Console) Expect(ctx context.Context, patterns ...*regexp.Regexp) (int, []string, error) {
	var index int
	var match []string
	err := c.wait(ctx, func(text []byte) bool {
		for i, p := range patterns {
			at := p.FindSubmatchIndex(text[c.seen:])
			if at == nil {
				continue
			}
			index, match = i, match[:0]
			for j := 0; j < len(at); j += 2 {
				if at[j] < 0 {
					match = append(match, "")
					continue
				}
				match = append(match, string(text[c.seen+at[j]:c.seen+at[j+1]]))
			}
			c.seen += at[1]
			return true
		}
		return false
	})
	if err != nil {
		return 0, nil, fmt.Errorf("waiting for %v on the serial console: %w", patterns, err)
	}
	return index, match, nil
}

// wait calls done with the text at every change until it returns true.
func (c *Console) wait(ctx context.Context, done func(text []byte) bool) error {
	for {
		c.mu.Lock()
		ok, closed, changed := done(c.text), c.closed, c.changed
		c.mu.Unlock()
		switch {
		case ok:
			return nil
		case closed:
			return ErrConsoleClosed
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
