package report

import "errors"

// concernError is an error that policies know by an id.
type concernError struct {
	error
	id ConcernID
}

func (c *concernError) Unwrap() error { return c.error }

// Concerning is err as what concerns of the kind are about: a report lists it among
// them. Its message stays.
func Concerning(id ConcernID, err error) error { return &concernError{err, id} }

// ConcernOf is the kind of concern that err is of, or "".
func ConcernOf(err error) ConcernID {
	var c *concernError
	if errors.As(err, &c) {
		return c.id
	}
	return ""
}
