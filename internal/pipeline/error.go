package pipeline

import (
	"errors"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// Error is why a migration failed: the stage and the cause.
type Error struct {
	Stage string
	Err   error
}

func (e *Error) Error() string { return e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// withRemedy attaches to err what to do about it.
func withRemedy(err error, what string) error { return remedy.With(err, what) }

// remedyOf is what to do about err, or nothing.
func remedyOf(err error) string { return remedy.Of(err) }

// stageOf is the stage in which err happened.
func stageOf(err error, otherwise string) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Stage
	}
	return otherwise
}
