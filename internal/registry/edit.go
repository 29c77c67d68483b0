package registry

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Change is what is to become of a value, or of a key with all that it has.
type Change struct {
	Key string
	// Name is that of the value. Before is nil where there was none, After where
	// there is to be none.
	Name          string
	Before, After *Value
	// Removed says that the key goes, of which no value is named.
	Removed bool
}

// Edited is a hive with changes that nobody has written yet. It is read as if they
// were made.
type Edited struct {
	hive    Reader
	changes []Change
	// By paths in lower case: keys that are gone, keys that there are more, and all
	// values of keys of which one was changed.
	removed map[string]bool
	added   map[string][]string
	values  map[string][]Value
}

var _ Reader = (*Edited)(nil)

// Edit begins to edit a hive.
func Edit(hive Reader) *Edited {
	return &Edited{hive: hive, removed: map[string]bool{}, added: map[string][]string{}, values: map[string][]Value{}}
}

// Changes are the changes in their order.
func (e *Edited) Changes() []Change { return slices.Clone(e.changes) }

// Keys implements Reader.
func (e *Edited) Keys(path string) ([]string, error) {
	own := e.added[strings.ToLower(path)]
	var names []string
	var err error
	if e.isGone(path) {
		err = notThere(path)
	} else {
		names, err = e.hive.Keys(path)
	}
	switch {
	case IsMissing(err) && e.isAdded(path):
		return slices.Clone(own), nil
	case err != nil:
		return nil, err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return e.removed[strings.ToLower(join(path, name))] })
	return append(names, own...), nil
}

// Values implements Reader.
func (e *Edited) Values(path string) ([]Value, error) {
	if values, ok := e.values[strings.ToLower(path)]; ok {
		return slices.Clone(values), nil
	}
	err := notThere(path)
	var values []Value
	if !e.isGone(path) {
		values, err = e.hive.Values(path)
	}
	if IsMissing(err) && e.isAdded(path) {
		return nil, nil
	}
	return values, err
}

// isGone says that what the hive has of a key does not count any more.
func (e *Edited) isGone(path string) bool {
	path = strings.ToLower(path)
	for gone := range e.removed {
		if isBelow(path, gone) {
			return true
		}
	}
	return false
}

func (e *Edited) isAdded(path string) bool {
	parent, name := split(path)
	return slices.ContainsFunc(e.added[strings.ToLower(parent)], func(added string) bool { return strings.EqualFold(added, name) })
}

// Set gives a key a value, and makes the key where there is none. A value that is
// there already is no change.
func (e *Edited) Set(path string, value Value) error {
	values, err := e.Values(path)
	if IsMissing(err) {
		err = e.add(path)
	}
	if err != nil {
		return err
	}
	change := Change{Key: path, Name: value.Name, After: &value}
	at := slices.IndexFunc(values, func(v Value) bool { return strings.EqualFold(v.Name, value.Name) })
	switch {
	case at >= 0 && values[at].Equal(value):
		return nil
	case at >= 0:
		before := values[at]
		change.Before, values[at] = &before, value
	default:
		values = append(values, value)
	}
	e.values[strings.ToLower(path)] = values
	e.changes = append(e.changes, change)
	return nil
}

// add makes a key, and those that it lies in.
func (e *Edited) add(path string) error {
	parent, name := split(path)
	if parent != "" {
		switch has, err := Has(e, parent); {
		case err != nil:
			return err
		case !has:
			if err := e.add(parent); err != nil {
				return err
			}
		}
	}
	key := strings.ToLower(parent)
	e.added[key] = append(e.added[key], name)
	return nil
}

// Delete takes a value from a key. One that is not there is no change.
func (e *Edited) Delete(path, name string) error {
	values, err := e.Values(path)
	if IsMissing(err) {
		return nil
	}
	at := slices.IndexFunc(values, func(v Value) bool { return strings.EqualFold(v.Name, name) })
	if err != nil || at < 0 {
		return err
	}
	before := values[at]
	e.values[strings.ToLower(path)] = slices.Delete(values, at, at+1)
	e.changes = append(e.changes, Change{Key: path, Name: before.Name, Before: &before})
	return nil
}

// DeleteKey removes a key with all that it has. One that is not there is no
// change.
func (e *Edited) DeleteKey(path string) error {
	if has, err := Has(e, path); err != nil || !has {
		return err
	}
	gone := strings.ToLower(path)
	below := func(key string) bool { return isBelow(key, gone) }
	maps.DeleteFunc(e.values, func(key string, _ []Value) bool { return below(key) })
	maps.DeleteFunc(e.added, func(key string, _ []string) bool { return below(key) })
	parent, name := split(path)
	key := strings.ToLower(parent)
	e.added[key] = slices.DeleteFunc(e.added[key], func(added string) bool { return strings.EqualFold(added, name) })
	e.removed[gone] = true
	e.changes = append(e.changes, Change{Key: path, Removed: true})
	return nil
}

// Diff shows changes of a hive, as a report does.
func Diff(hive string, changes []Change) string {
	var text strings.Builder
	key := ""
	for n, change := range changes {
		if n == 0 {
			fmt.Fprintf(&text, "--- %s\n+++ %s\n", hive, hive)
		}
		if change.Removed {
			fmt.Fprintf(&text, "-[%s]\n", change.Key)
			key = ""
			continue
		}
		if change.Key != key || n == 0 {
			key = change.Key
			fmt.Fprintf(&text, " [%s]\n", key)
		}
		name := "@"
		if change.Name != "" {
			name = fmt.Sprintf("%q", change.Name)
		}
		if change.Before != nil {
			fmt.Fprintf(&text, "-%s=%s\n", name, change.Before)
		}
		if change.After != nil {
			fmt.Fprintf(&text, "+%s=%s\n", name, change.After)
		}
	}
	return text.String()
}

func isBelow(path, key string) bool { return path == key || strings.HasPrefix(path, key+`\`) }

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + `\` + name
}

// split is the key that a key lies in, and its name.
func split(path string) (parent, name string) {
	at := strings.LastIndexByte(path, '\\')
	return path[:max(at, 0)], path[at+1:]
}
