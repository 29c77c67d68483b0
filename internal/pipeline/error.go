package pipeline

import (
	"errors"
	"strings"
)

// Error is why a migration failed: the stage and the cause.
type Error struct {
	Stage string
	Err   error
}

func (e *Error) Error() string { return e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// lacks is all that a host lacks. Each is told as an error of its own, beside
// what to do about it.
type lacks []error

func (l lacks) Error() string {
	texts := make([]string, len(l))
	for n, one := range l {
		texts[n] = one.Error()
	}
	return strings.Join(texts, "; ")
}

func (l lacks) Unwrap() []error { return l }

// stageOf is the stage in which err happened.
func stageOf(err error, otherwise string) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Stage
	}
	return otherwise
}
