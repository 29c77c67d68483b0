package pipeline

import "errors"

// Error is why a migration failed: the stage and the cause.
type Error struct {
	Stage string
	Err   error
}

func (e *Error) Error() string { return e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// remedied is an error that knows what the person who reads it can do.
type remedied struct {
	error
	remedy string
}

func (e *remedied) Unwrap() error { return e.error }

// withRemedy attaches to err what to do about it.
func withRemedy(err error, remedy string) error {
	return &remedied{error: err, remedy: remedy}
}

// remedyOf is the remedy attached nearest to the top of err, or nothing.
func remedyOf(err error) string {
	var r *remedied
	if errors.As(err, &r) {
		return r.remedy
	}
	var other interface{ Remedy() string }
	if errors.As(err, &other) {
		return other.Remedy()
	}
	return ""
}

// stageOf is the stage in which err happened.
func stageOf(err error, otherwise string) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Stage
	}
	return otherwise
}
