package qmp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qmp"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qmp/qmptest"
)

func TestExecute(t *testing.T) {
	t.Parallel()
	c := qmp.New(qmptest.Play(t, []string{`{"QMP": {}}`, "no JSON", `{"return": {}, "id": 7}`}, qmptest.Table(map[string]string{
		"qmp_capabilities": `"return": {}`,
		"query-status":     `"return": {"running": true}`,
		"screendump":       `"error": {"class": "GenericError", "desc": "no console"}`,
	})), nil)
	if err := c.Negotiate(t.Context()); err != nil {
		t.Fatal(err)
	}
	var status struct{ Running bool }
	if err := c.Execute(t.Context(), "query-status", nil, &status); err != nil || !status.Running {
		t.Errorf("its status is %+v, %v", status, err)
	}
	if err := c.Execute(t.Context(), "query-status", nil, new(int)); err == nil || !strings.HasPrefix(err.Error(), "query-status: ") {
		t.Errorf("an answer of another kind: %v", err)
	}
	var refused *qmp.RefusedError
	err := c.Execute(t.Context(), "screendump", nil, nil)
	if !errors.As(err, &refused) || err.Error() != "screendump: QEMU says: no console" {
		t.Errorf("a refused command: %v", err)
	}
	if err := c.Execute(t.Context(), "screendump", func() {}, nil); err == nil {
		t.Error("arguments that are no JSON were sent")
	}
	if err := c.Execute(t.Context(), "quit", nil, nil); !errors.Is(err, qmp.ErrClosed) {
		t.Errorf("a QEMU that has ended: %v", err)
	}
	<-c.Ended()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// TestArguments: they arrive as they were given, and are not there where there are
// none.
func TestArguments(t *testing.T) {
	t.Parallel()
	var asked []string
	c := qmp.New(qmptest.Play(t, nil, func(command string, arguments json.RawMessage) string {
		asked = append(asked, command+" "+string(arguments))
		return `"return": {}`
	}), nil)
	err := errors.Join(c.Execute(t.Context(), "stop", nil, nil), c.Execute(t.Context(), "pmemsave", map[string]any{"val": 753664, "filename": "a b"}, nil), c.Close())
	if want := []string{"stop ", `pmemsave {"filename":"a b","val":753664}`}; err != nil || !slices.Equal(asked, want) {
		t.Errorf("it was asked %q, %v", asked, err)
	}
}

// TestEvents come in their order, and before the answer to what was asked later.
func TestEvents(t *testing.T) {
	t.Parallel()
	var told []string
	c := qmp.New(qmptest.Play(t, []string{
		`{"event": "RESET", "data": {"guest": true}, "timestamp": {"seconds": 1}}`, `{"event": "STOP", "id": 1}`,
	}, qmptest.Table(map[string]string{"query-status": `"return": {}`})), func(e qmp.Event) { told = append(told, e.Name+" "+string(e.Data)) })
	if err := c.Execute(t.Context(), "query-status", nil, nil); err != nil {
		t.Fatal(err)
	}
	if want := []string{`RESET {"guest": true}`, "STOP "}; !slices.Equal(told, want) {
		t.Errorf("it told %q, want %q", told, want)
	}
}

// TestAnswersFindTheirQuestions, whatever order they come in.
func TestAnswersFindTheirQuestions(t *testing.T) {
	t.Parallel()
	ours, theirs := net.Pipe()
	c := qmp.New(ours, nil)
	const many = 5
	go func() {
		decoder := json.NewDecoder(theirs)
		var ids, values []int
		for range many {
			var asked struct {
				ID        int
				Arguments int
			}
			if decoder.Decode(&asked) != nil {
				return
			}
			ids, values = append(ids, asked.ID), append(values, asked.Arguments)
		}
		for n := many - 1; n >= 0; n-- {
			fmt.Fprintf(theirs, "{\"return\": %d, \"id\": %d}\n", values[n], ids[n])
		}
	}()
	var all sync.WaitGroup
	for n := range many {
		all.Go(func() {
			var got int
			if err := c.Execute(t.Context(), "double", n, &got); err != nil || got != n {
				t.Errorf("question %d got %d, %v", n, got, err)
			}
		})
	}
	all.Wait()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// TestQEMUThatHangs: neither one that does not answer nor one that does not even
// read is waited for longer than the caller wants, and what comes after is not taken
// for the next answer.
func TestQEMUThatHangs(t *testing.T) {
	t.Parallel()
	hung := make(chan struct{})
	c := qmp.New(qmptest.Play(t, nil, func(command string, _ json.RawMessage) string {
		if command == "savevm" {
			<-hung
		}
		return `"return": "` + command + `"`
	}), nil)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := c.Execute(ctx, "savevm", nil, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it does not answer: %v", err)
	}
	if err := c.Execute(ctx, "query-status", nil, nil); err == nil {
		t.Error("it does not read, and was waited for")
	}
	close(hung)
	var said string
	if err := c.Execute(t.Context(), "query-name", nil, &said); err != nil || said != "query-name" {
		t.Errorf("it said %q, %v", said, err)
	}
}
