package pipeline

import (
	"errors"
)

// Error is why a migration failed: the stage and the cause.
type Error struct {
	Stage string
	Err   error
}

func (e *Error) Error() string { return e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// stageOf is the stage in which err happened.
func stageOf(err error, otherwise string) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Stage
	}
	return otherwise
}
