package pipeline

import (
	"errors"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Error is why a migration failed: the stage and the cause.
type Error struct {
	Stage string
	Err   error
}

func (e *Error) Error() string { return e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// evidenceError is the failure of a stage that the report shows something of.
type evidenceError struct {
	error
	seen report.StageResult
}

func (e *evidenceError) Unwrap() error { return e.error }

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
