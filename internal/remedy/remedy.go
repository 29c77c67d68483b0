// Package remedy puts beside an error what the person who reads it can do.
package remedy

import "errors"

type remedied struct {
	error
	what string
}

func (r *remedied) Unwrap() error { return r.error }

func (r *remedied) Remedy() string { return r.what }

// With is err with what to do about it, which is no part of its message.
func With(err error, what string) error { return &remedied{error: err, what: what} }

// Of is what to do about err, by the outermost error in its chain that knows;
// or nothing. An error knows by a method Remedy() string.
func Of(err error) string {
	var known interface{ Remedy() string }
	if errors.As(err, &known) {
		return known.Remedy()
	}
	return ""
}
