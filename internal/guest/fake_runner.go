package guest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
)

// FakeRunner answers guest commands from a table: a Runner for unit tests.
// The key is the argument list joined by single blanks. A command that is not
// in the table fails as a program that is not installed does.
type FakeRunner struct {
	Answers map[string]FakeAnswer

	mu    sync.Mutex
	calls []FakeCall
}

// FakeAnswer is what one command does: its standard output, or the error of
// a non-zero exit. Do, where given, runs first and stands for the effects on
// the guest's files.
type FakeAnswer struct {
	Output string
	Err    error
	Do     func(input []byte) error
}

// FakeCall is one command that was run.
type FakeCall struct {
	Argv  []string
	Input []byte
}

var _ Runner = (*FakeRunner)(nil)

var errNoCommand = errors.New("run in the guest: no command given")

// Run implements Runner.
func (f *FakeRunner) Run(argv ...string) (string, error) {
	return f.RunInput(nil, argv...)
}

// RunInput implements Runner.
func (f *FakeRunner) RunInput(input []byte, argv ...string) (string, error) {
	f.mu.Lock()
	f.calls = append(f.calls, FakeCall{Argv: argv, Input: input})
	f.mu.Unlock()
	if len(argv) == 0 {
		return "", errNoCommand
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
func (f *FakeRunner) Calls() []FakeCall {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]FakeCall(nil), f.calls...)
}
