package edit

import (
	"fmt"
	"io/fs"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Meant reports whether one entry of a file was to change so: to be another, to
// go (is is nil), or to come (was is nil).
type Meant func(was, is *conf.Entry) bool

// Check reads a structured file of the guest, by its path, as it was and as it is
// to be, and reports what its own reader would reject, and what would change beyond
// what is meant. A nil meant allows any change that leaves a valid file. Of files
// without a known structure, and of new ones, nothing but their validity is told.
func Check(name, before, after string, meant Meant) error {
	f, ok := formatOf(name)
	if !ok || before == after {
		return nil
	}
	is, err := f.entries(after)
	if before == "" {
		if err != nil {
			return fmt.Errorf("it would be no valid %s: %w", f.name, err)
		}
		return nil
	}
	was, wasErr := f.entries(before)
	switch {
	case err != nil && wasErr == nil:
		return fmt.Errorf("it would be no valid %s any more: %w", f.name, err)
	case wasErr != nil && f.closed:
		return fmt.Errorf("it is no valid %s: %w", f.name, wasErr)
	case meant == nil:
		return nil
	}
	return compare(was, is, meant)
}

// compare walks both lists at once. What is the same stays; of the rest each has
// to be meant.
func compare(was, is []conf.Entry, meant Meant) error {
	for len(was) > 0 || len(is) > 0 {
		switch {
		case len(was) > 0 && len(is) > 0 && was[0] == is[0],
			len(was) > 0 && len(is) > 0 && was[0].Key == is[0].Key && meant(&was[0], &is[0]):
			was, is = was[1:], is[1:]
		case len(was) > 0 && meant(&was[0], nil):
			was = was[1:]
		case len(is) > 0 && meant(nil, &is[0]):
			is = is[1:]
		case len(was) > 0 && len(is) > 0 && meant(&was[0], &is[0]):
			was, is = was[1:], is[1:]
		case len(was) > 0:
			return fmt.Errorf("%s would have changed beyond that", shown(was[0]))
		default:
			return fmt.Errorf("%s would have come beyond that", shown(is[0]))
		}
	}
	return nil
}

// shown names an entry without its value, which may be a secret.
func shown(e conf.Entry) string {
	if key := strings.TrimSpace(e.Key); key != "" {
		return key
	}
	return "a command"
}

// Rewrite is Write for an edit that is meant to change some entries of a structured
// file and nothing else. A file that would change beyond that, or that its reader
// would reject, stays as it is, with a warning.
func (e *Editor) Rewrite(name, text string, perm fs.FileMode, description string, meant Meant) error {
	old, existed, err := e.Read(name)
	if err != nil {
		return err
	}
	if err := Check(name, old, text, meant); err != nil {
		e.warnLeft(name, description, err)
		return nil
	}
	return e.put(name, old, text, existed, perm, description, Diff)
}

func (e *Editor) warnLeft(name, description string, err error) {
	e.Warn(report.ConcernFileNotEdited, fmt.Sprintf("%s was left as it was: to %s, it would have to be edited, and the edited file does not hold: %v", name, description, err),
		"edit the file in the guest: "+description)
}
