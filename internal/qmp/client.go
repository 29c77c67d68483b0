// Package qmp speaks QMP, QEMU's protocol for programs, over any connection: one
// JSON object a line, commands with numbers and their answers, and events between
// them (docs/interop/qmp-spec of QEMU).
package qmp

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// ErrClosed says that QEMU has ended its side, or the connection was closed.
var ErrClosed = errors.New("QEMU has closed its monitor")

// RefusedError is QEMU's word for why it has not executed a command.
type RefusedError struct{ Description string }

// Error implements error.
func (r *RefusedError) Error() string { return "QEMU says: " + r.Description }

// Event is what QEMU tells unasked.
type Event struct {
	Name string          // such as "RESET"
	Data json.RawMessage // nil where it has none
}

// Client is one connection to a QEMU.
type Client struct {
	connection io.ReadWriteCloser
	tell       func(Event)
	ended      chan struct{}

	writing sync.Mutex
	mu      sync.Mutex
	last    int
	waiting map[int]chan answer
}

// answer is what QEMU sends back for one command, or tells.
type answer struct {
	ID     int             `json:"id"`
	Return json.RawMessage `json:"return"`
	Error  *struct {
		Description string `json:"desc"`
	} `json:"error"`
	Event string          `json:"event"`
	Data  json.RawMessage `json:"data"`
}

// maxLine is how long one line of what QEMU says may be, in bytes.
const maxLine = 1 << 20

// New reads from a connection until that ends, and gives tell each event in its
// order; nil where nobody wants them. tell must not wait for an answer of QEMU's.
// The first command has to be Negotiate.
func New(connection io.ReadWriteCloser, tell func(Event)) *Client {
	if tell == nil {
		tell = func(Event) {}
	}
	c := &Client{connection: connection, tell: tell, ended: make(chan struct{}), waiting: map[int]chan answer{}}
	go c.follow()
	return c
}

// Ended is closed when QEMU says no more.
func (c *Client) Ended() <-chan struct{} { return c.ended }

// Close ends the connection. Commands that wait for an answer end with ErrClosed.
func (c *Client) Close() error {
	err := c.connection.Close()
	<-c.ended
	return err
}

func (c *Client) follow() {
	defer close(c.ended)
	lines := bufio.NewScanner(c.connection)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var said answer
		if json.Unmarshal(lines.Bytes(), &said) != nil {
			continue
		}
		if said.Event != "" {
			c.tell(Event{said.Event, said.Data})
			continue
		}
		if waiting := c.take(said.ID); waiting != nil { // not the greeting, nor an answer that came too late
			waiting <- said
		}
	}
}

// take is who waits for the answer with that number, and does no longer.
func (c *Client) take(id int) chan answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	waiting := c.waiting[id]
	delete(c.waiting, id)
	return waiting
}

// Negotiate ends the greeting: QEMU takes no other command before.
func (c *Client) Negotiate(ctx context.Context) error {
	return c.Execute(ctx, "qmp_capabilities", nil, nil)
}

// Execute has QEMU execute a command, with arguments if they are not nil, and decodes
// what that returns into result if that is not nil. The error is a RefusedError if QEMU
// says no, ErrClosed if it has ended, and ctx's if that ends first.
func (c *Client) Execute(ctx context.Context, name string, arguments, result any) error {
	returned, err := c.execute(ctx, name, arguments)
	if err == nil && result != nil {
		err = json.Unmarshal(returned, result)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (c *Client) execute(ctx context.Context, name string, arguments any) (json.RawMessage, error) {
	done := make(chan answer, 1)
	c.mu.Lock()
	c.last++
	id := c.last
	c.waiting[id] = done
	c.mu.Unlock()
	defer c.take(id)
	request := map[string]any{"execute": name, "id": id}
	if arguments != nil {
		request["arguments"] = arguments
	}
	text, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	if err := c.write(ctx, append(text, '\n')); err != nil {
		return nil, err
	}
	select {
	case said := <-done:
		return said.result()
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-c.ended:
	}
	select {
	case said := <-done: // just before the end
		return said.result()
	default:
		return nil, ErrClosed
	}
}

func (a answer) result() (json.RawMessage, error) {
	if a.Error != nil {
		return nil, &RefusedError{a.Error.Description}
	}
	return a.Return, nil
}

// write writes one line, until ctx's deadline where the connection can have one: a
// QEMU that hangs does not read.
func (c *Client) write(ctx context.Context, line []byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	if limited, ok := c.connection.(interface{ SetWriteDeadline(time.Time) error }); ok {
		// The zero time is none, of a ctx without one. Not every file can have one.
		deadline, _ := ctx.Deadline()
		_ = limited.SetWriteDeadline(deadline)
	}
	_, err := c.connection.Write(line)
	return err
}
