package guesttest

import (
	"fmt"
	"strings"
	"sync"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// Runner answers guest commands from a table: a Runner for unit tests.
// The key is the argument list joined by single blanks. A command that is not
// in the table fails as a program that is not installed does.
type Runner struct {
	Answers map[string]Answer

	mu    sync.Mutex
	calls []Call
}

// Answer is what one command does: its standard output, or the error of
// a non-zero exit. Do, where given, runs first and stands for the effects on
// the guest's files.
type Answer struct {
	Output string
	Err    error
	Do     func(input []byte) error
}

// Call is one command that was run.
type Call struct {
	Argv  []string
	Input []byte
}

var _ guest.Runner = (*Runner)(nil)

// Run implements Runner.
func (f *Runner) Run(argv ...string) (string, error) {
	return f.RunInput(nil, argv...)
}

// RunInput implements Runner.
func (f *Runner) RunInput(input []byte, argv ...string) (string, error) {
	f.mu.Lock()
	f.calls = append(f.calls, Call{Argv: argv, Input: input})
	f.mu.Unlock()
	if len(argv) == 0 {
		return "", guest.ErrNoCommand
	}
	answer, ok := f.Answers[strings.Join(argv, " ")]
	if !ok {
		return "", fmt.Errorf("run %s in the guest: command not found", argv[0])
	}
	if answer.Do != nil {
		if err := answer.Do(input); err != nil {
			return "", err
		}
	}
	return answer.Output, answer.Err
}

// Calls returns the commands that were run, in their order.
func (f *Runner) Calls() []Call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Call(nil), f.calls...)
}
