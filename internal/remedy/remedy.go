// Package remedy puts beside an error what the person who reads it can do.
package remedy

type remedied struct {
	error
	what string
}

func (r *remedied) Unwrap() error { return r.error }

// Remedy is what to do about the error.
func (r *remedied) Remedy() string { return r.what }

// With is err with what to do about it, which is no part of its message.
func With(err error, what string) error { return &remedied{error: err, what: what} }

// Of is what to do about err, by the outermost error in its tree that knows; or
// nothing. An error knows by a method Remedy() string that returns something.
func Of(err error) string {
	if known, ok := err.(interface{ Remedy() string }); ok && known.Remedy() != "" {
		return known.Remedy()
	}
	switch wrapping := err.(type) { //nolint:errorlint // as above
	case interface{ Unwrap() error }:
		return Of(wrapping.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range wrapping.Unwrap() {
			if what := Of(inner); what != "" {
				return what
			}
		}
	}
	return ""
}
