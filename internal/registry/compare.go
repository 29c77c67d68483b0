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
func Compare(wanted *Edited, found *Hive) ([]Change, error) {
	touched := map[string]bool{"": true}
	for _, change := range wanted.changes {
		for path := change.Key; path != ""; path, _ = split(path) {
			touched[strings.ToLower(path)] = true
		}
	}
	root, err := found.key(found.root)
	if err != nil {
		return nil, err
	}
	c := comparison{}
	err = c.compare(&editedBranch{edited: wanted, touched: touched}, &hiveBranch{found, root}, "", 0)
	return c.differences, err
}

// branch is a key with all that it has. Its name is not used.
type branch interface {
	values() ([]Value, error)
	// below are the keys in it by their names, in any order.
	below() ([]named, error)
}

type named struct {
	name string
	branch
}

// hiveBranch is a key that is read where it lies: a path costs a walk.
type hiveBranch struct {
	hive *Hive
	own  key
}

func (b *hiveBranch) values() ([]Value, error) { return b.hive.values(b.own) }

func (b *hiveBranch) below() ([]named, error) {
	var keys []named
	err := b.hive.children(b.own, 0, func(child key) bool {
		keys = append(keys, named{child.name, &hiveBranch{b.hive, child}})
		return true
	})
	return keys, err
}

// editedBranch is a key that was changed, or one in which there is such a key.
type editedBranch struct {
	edited  *Edited
	path    string
	touched map[string]bool
}

func (b *editedBranch) values() ([]Value, error) { return b.edited.Values(b.path) }

func (b *editedBranch) below() ([]named, error) {
	names, err := b.edited.Keys(b.path)
	if err != nil {
		return nil, err
	}
	untouched := map[string]named{}
	if hive, ok := b.edited.hive.(*Hive); ok && !b.edited.isGone(b.path) {
		own, err := hive.walk(b.path)
		if err == nil {
			var keys []named
			keys, err = (&hiveBranch{hive, own}).below()
			for _, key := range keys {
				untouched[strings.ToLower(key.name)] = key
			}
		}
		if err != nil && !IsMissing(err) {
			return nil, err
		}
	}
	var keys []named
	for _, name := range names {
		path := join(b.path, name)
		if known, ok := untouched[strings.ToLower(name)]; ok && !b.touched[strings.ToLower(path)] {
			keys = append(keys, known)
		} else {
			keys = append(keys, named{name, &editedBranch{b.edited, path, b.touched}})
		}
	}
	return keys, nil
}

type comparison struct{ differences []Change }

func (c *comparison) full() bool { return len(c.differences) >= maxDifferences }

func (c *comparison) compare(wanted, found branch, path string, depth int) error {
	if depth > maxDepth {
		return damaged("more than %d keys lie in each other", maxDepth)
	}
	if err := c.compareValues(wanted, found, path); err != nil {
		return wrap(path, err)
	}
	have, err := found.below()
	if err != nil {
		return wrap(path, err)
	}
	there := map[string]branch{}
	for _, key := range have {
		there[strings.ToLower(key.name)] = key
	}
	want, err := wanted.below()
	if err != nil {
		return wrap(path, err)
	}
	for _, key := range want {
		name := strings.ToLower(key.name)
		counterpart, ok := there[name]
		delete(there, name)
		switch {
		case c.full():
			return nil
		case !ok:
			c.differences = append(c.differences, Change{Key: join(path, key.name), Removed: true})
		default:
			if err := c.compare(key, counterpart, join(path, key.name), depth+1); err != nil {
				return err
			}
		}
	}
	for _, key := range have {
		if there[strings.ToLower(key.name)] != nil && !c.full() {
			c.differences = append(c.differences, Change{Key: join(path, key.name)})
		}
	}
	return nil
}

func (c *comparison) compareValues(wanted, found branch, path string) error {
	want, err := wanted.values()
	if err != nil {
		return err
	}
	have, err := found.values()
	if err != nil {
		return err
	}
	byName := pairs{have: have, taken: make([]bool, len(have))}
	for n, before := range want {
		at := byName.take(n, before.Name)
		if at < 0 {
			c.differences = append(c.differences, Change{Key: path, Name: before.Name, Before: &before})
			continue
		}
		if after := have[at]; !after.Equal(before) {
			c.differences = append(c.differences, Change{Key: path, Name: before.Name, Before: &before, After: &after})
		}
	}
	for n, after := range have {
		if !byName.taken[n] {
			c.differences = append(c.differences, Change{Key: path, Name: after.Name, After: &after})
		}
	}
	return nil
}

// pairs finds values by their names, each once. A key may have some hundred thousand, mostly
// in the order in which they are asked for.
type pairs struct {
	have   []Value
	taken  []bool
	places map[string][]int // by names in lower case, made when it is needed
}

// take is where the value of a name is, which is likely at a place, or -1.
func (p *pairs) take(likely int, name string) int {
	if likely < len(p.have) && !p.taken[likely] && strings.EqualFold(p.have[likely].Name, name) {
		p.taken[likely] = true
		return likely
	}
	if p.places == nil {
		p.places = make(map[string][]int, len(p.have))
		for n, value := range p.have {
			key := strings.ToLower(value.Name)
			p.places[key] = append(p.places[key], n)
		}
	}
	key := strings.ToLower(name)
	for places := p.places[key]; len(places) > 0; places = p.places[key] {
		at := places[0]
		p.places[key] = places[1:]
		if !p.taken[at] {
			p.taken[at] = true
			return at
		}
	}
	return -1
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
