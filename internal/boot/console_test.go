package boot

import (
	"bytes"
	"context"
	"errors"
	"io"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestConsoleExpect(t *testing.T) {
	t.Parallel()
	output, guest := io.Pipe()
	var typed bytes.Buffer
	console := NewConsole(&typed, output, nil)
	login := regexp.MustCompile(`(\w+) login: `)
	shell := regexp.MustCompile(`\(initramfs\)`)

	go func() {
		for _, part := range []string{"web", "01 lo", "\x1b[0mgin: ", "Password: ", "web01 login: "} {
			_, _ = io.WriteString(guest, part)
		}
		_ = guest.Close()
	}()
	index, match, err := console.Expect(t.Context(), shell, login)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"web01 login: ", "web01"}, match); diff != "" || index != 1 {
		t.Errorf("pattern %d, match (-want +got):\n%s", index, diff)
	}
	if err := console.Send("root\n"); err != nil || typed.String() != "root\n" {
		t.Errorf("Send typed %q, %v", typed.String(), err)
	}
	// The first prompt is behind; only the second may match, and no third.
	if _, _, err := console.Expect(t.Context(), regexp.MustCompile(`^Password: `)); err != nil {
		t.Error(err)
	}
	if _, _, err := console.Expect(t.Context(), login); err != nil {
		t.Error(err)
	}
	if _, _, err := console.Expect(t.Context(), login); !errors.Is(err, ErrConsoleClosed) {
		t.Errorf("after the end: got %v, want ErrConsoleClosed", err)
	}
}

func TestConsoleExpectEndsWithContext(t *testing.T) {
	t.Parallel()
	output, guest := io.Pipe()
	defer func() { _ = guest.Close() }()
	console := NewConsole(io.Discard, output, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := console.Expect(ctx, regexp.MustCompile("never")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestWaitStateAnswersPassphrase(t *testing.T) {
	t.Parallel()
	output, guest := io.Pipe()
	keyboard, typed := io.Pipe()
	m := &Process{Console: NewConsole(typed, output, nil)}
	go func() {
		_, _ = io.WriteString(guest, "\r\nPlease unlock disk sda5_crypt: ")
		line := make([]byte, 64)
		n, _ := keyboard.Read(line)
		_, _ = io.WriteString(guest, "\r\ngot "+string(line[:n])+"db01 login: ")
	}()
	state, err := m.WaitState(t.Context(), "open sesame")
	if err != nil || state != StateLogin {
		t.Errorf("got %s, %v", state, err)
	}
	if want := "Please unlock disk sda5_crypt: \ngot open sesame\ndb01 login: "; m.Console.Text() != "\n"+want {
		t.Errorf("console %q", m.Console.Text())
	}
	_ = guest.Close()
}

// TestConsoleKeepsTheEnd is of a guest that prints for ever.
func TestConsoleKeepsTheEnd(t *testing.T) {
	t.Parallel()
	output, guest := io.Pipe()
	console := NewConsole(io.Discard, output, nil)
	go func() {
		line := bytes.Repeat([]byte("x"), 1<<20)
		for range 3 * maxConsole >> 20 {
			_, _ = guest.Write(line)
		}
		_, _ = io.WriteString(guest, "web01 login: ")
		_ = guest.Close()
	}()
	if _, _, err := console.Expect(t.Context(), regexp.MustCompile("login: ")); err != nil {
		t.Fatal(err)
	}
	if text := console.Text(); len(text) > maxConsole || !bytes.HasSuffix([]byte(text), []byte("xweb01 login: ")) {
		t.Errorf("%d bytes are kept", len(text))
	}
}
