package registry

import (
	"fmt"
	"slices"
	"strings"
)

// maxDepth is how many keys of Windows' own may lie in each other.
const maxDepth = 512

// maxDifferences is how many are looked for: more help nobody.
const maxDifferences = 20

// Compare returns what a hive has otherwise than it should have, as the changes that
// were made to it, of which only the first are looked for. Of a key that should not
// be there, or that is not, nothing else is said. The order of keys and of values
// does not matter.
func Compare(wanted, found Reader) ([]Change, error) {
	c := comparison{wanted: wanted, found: found}
	err := c.key("", 0)
	return c.differences, err
}

type comparison struct {
	wanted, found Reader
	differences   []Change
}

func (c *comparison) full() bool { return len(c.differences) >= maxDifferences }

func (c *comparison) key(path string, depth int) error {
	if depth > maxDepth {
		return damaged("more than %d keys lie in each other", maxDepth)
	}
	if err := c.values(path); err != nil {
		return err
	}
	wanted, err := c.wanted.Keys(path)
	if err != nil {
		return err
	}
	found, err := c.found.Keys(path)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, name := range found {
		there[strings.ToLower(name)] = true
	}
	for _, name := range wanted {
		switch key := strings.ToLower(name); {
		case c.full():
			return nil
		case !there[key]:
			c.differences = append(c.differences, Change{Key: join(path, name), Removed: true})
		default:
			delete(there, key)
			if err := c.key(join(path, name), depth+1); err != nil {
				return err
			}
		}
	}
	for _, name := range found {
		if there[strings.ToLower(name)] && !c.full() {
			c.differences = append(c.differences, Change{Key: join(path, name)})
		}
	}
	return nil
}

func (c *comparison) values(path string) error {
	wanted, err := c.wanted.Values(path)
	if err != nil {
		return err
	}
	found, err := c.found.Values(path)
	if err != nil {
		return err
	}
	for _, before := range wanted {
		at := slices.IndexFunc(found, func(v Value) bool { return strings.EqualFold(v.Name, before.Name) })
		if at < 0 {
			c.differences = append(c.differences, Change{Key: path, Name: before.Name, Before: &before})
			continue
		}
		if after := found[at]; !after.Equal(before) {
			c.differences = append(c.differences, Change{Key: path, Name: before.Name, Before: &before, After: &after})
		}
		found = slices.Delete(found, at, at+1)
	}
	for _, after := range found {
		c.differences = append(c.differences, Change{Key: path, Name: after.Name, After: &after})
	}
	return nil
}

// Undo is the text of a file for Windows' reg.exe that takes changes back, for a hive
// that is loaded at a key such as HKEY_LOCAL_MACHINE\SYSTEM. The hive is read as it
// was before them.
func Undo(before Reader, at string, changes []Change) (string, error) {
	var text strings.Builder
	text.WriteString("Windows Registry Editor Version 5.00\r\n")
	made := map[string]bool{}
	for _, change := range slices.Backward(changes) {
		if change.Removed {
			if err := writeTree(&text, before, at, change.Key, 0); err != nil {
				return "", err
			}
			continue
		}
		// A key that was not there goes with all that it was given.
		first, err := firstMissing(before, change.Key)
		switch {
		case err != nil:
			return "", err
		case first != "" && made[strings.ToLower(first)]:
		case first != "":
			made[strings.ToLower(first)] = true
			fmt.Fprintf(&text, "\r\n[-%s]\r\n", join(at, first))
		case change.Before == nil:
			fmt.Fprintf(&text, "\r\n[%s]\r\n%s=-\r\n", join(at, change.Key), regName(change.Name))
		default:
			fmt.Fprintf(&text, "\r\n[%s]\r\n%s\r\n", join(at, change.Key), regLine(*change.Before))
		}
	}
	return text.String(), nil
}

// firstMissing is the outermost key of a path that is not there, or "".
func firstMissing(r Reader, path string) (string, error) {
	for at := 0; at <= len(path); at++ {
		if at < len(path) && path[at] != '\\' {
			continue
		}
		switch has, err := Has(r, path[:at]); {
		case err != nil:
			return "", err
		case !has:
			return path[:at], nil
		}
	}
	return "", nil
}

// writeTree writes a key with all that it has.
func writeTree(text *strings.Builder, r Reader, at, path string, depth int) error {
	if depth > maxDepth {
		return damaged("more than %d keys lie in each other", maxDepth)
	}
	values, err := r.Values(path)
	if err != nil {
		return err
	}
	fmt.Fprintf(text, "\r\n[%s]\r\n", join(at, path))
	for _, value := range values {
		text.WriteString(regLine(value) + "\r\n")
	}
	keys, err := r.Keys(path)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err := writeTree(text, r, at, join(path, key), depth+1); err != nil {
			return err
		}
	}
	return nil
}

func regName(name string) string {
	if name == "" {
		return "@"
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
}

// regLine is a value as files for reg.exe have it: any type fits into this form.
func regLine(v Value) string {
	return fmt.Sprintf("%s=hex(%x):%s", regName(v.Name), uint32(v.Type), strings.ReplaceAll(fmt.Sprintf("% x", v.Data), " ", ","))
}
