package manifest

import (
	"fmt"
	"strings"
)

// Error is one thing that is wrong with a manifest.
type Error struct {
	// Path is the field, as in "configuration.users.create[0].name". It is
	// empty where the manifest as a whole is wrong, as when it is no JSON.
	Path string
	// Message says what is wrong and what to do. It holds no secret.
	Message string
	// Line and Column count from 1. They are 0 where the manifest was not read
	// from JSON.
	Line, Column int
}

// Error implements error: "path: message".
func (e Error) Error() string {
	if e.Path == "" {
		return e.Message
	}
	return e.Path + ": " + e.Message
}

// Errors is all that is wrong with one manifest, in the order of its fields.
type Errors []Error

// Error implements error: one line for each error.
func (e Errors) Error() string {
	if len(e) == 1 {
		return e[0].Error()
	}
	var text strings.Builder
	fmt.Fprintf(&text, "the manifest has %d errors:", len(e))
	for _, one := range e {
		text.WriteString("\n  " + one.Error())
	}
	return text.String()
}

// Unwrap gives errors.As and errors.Is the single errors.
func (e Errors) Unwrap() []error {
	single := make([]error, len(e))
	for n, one := range e {
		single[n] = one
	}
	return single
}

// orNil is e as an error, and no error where there are none.
func (e Errors) orNil() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// collector gathers errors while a manifest is walked, without those that a
// field which is not known yet may put right.
type collector struct {
	errors  Errors
	unknown Unknown
}

func (c *collector) add(path, format string, arguments ...any) {
	if c.unknown.Touch(path) {
		return
	}
	c.errors = append(c.errors, Error{Path: path, Message: fmt.Sprintf(format, arguments...)})
}

// field is the path of a member of the object at path.
func field(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// element is the path of the element n of the list at path.
func element(path string, n int) string {
	return fmt.Sprintf("%s[%d]", path, n)
}

// covers reports whether the field at path is the one at inner or holds it.
func covers(path, inner string) bool {
	rest, found := strings.CutPrefix(inner, path)
	return found && (path == "" || rest == "" || rest[0] == '.' || rest[0] == '[')
}
