package manifest

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Decode reads the JSON of one manifest up to the end of r, fills in the
// defaults and validates. It is strict: unknown fields, names that are there
// twice, wrong types and anything after the manifest are errors. An optional
// field may be null, which is the same as leaving it out.
//
// What is wrong with the manifest comes as Errors, all of it at once, in the
// order of the text and with line numbers; any other error is one of reading r.
func Decode(r io.Reader) (*Manifest, error) {
	m, d, t, err := read(r, nil)
	if err != nil {
		return nil, err
	}
	if len(d.errors) > 0 {
		return nil, d.sorted(t)
	}
	return m, nil
}

// DecodeDraft is Decode for the JSON that a program wrote from values of which
// it does not know all yet. Those at the unknown paths are left out, or are
// empty objects where they are elements of a list: they have their defaults, and
// no error that they may put right is found. Errors are in the order of the
// manifest's fields and have no places, since nobody has seen the text. The
// manifest comes along with them, as far as it could be read; it is nil where
// the text is no JSON.
func DecodeDraft(r io.Reader, unknown Unknown) (*Manifest, error) {
	m, d, _, err := read(r, unknown)
	if err != nil {
		return nil, err
	}
	return m, d.errors.orNil()
}

func read(r io.Reader, unknown Unknown) (*Manifest, *decoder, text, error) {
	t, err := readText(r)
	if err != nil {
		return nil, nil, nil, err
	}
	root, err := t.parse()
	if err != nil {
		return nil, nil, nil, err
	}
	var m Manifest
	d := decoder{collector: collector{unknown: unknown}, offsets: map[string]int{}}
	d.value(root, reflect.ValueOf(&m).Elem(), "")
	d.add(m.check(unknown))
	return &m, &d, t, nil
}

// defaulter is a section whose fields have defaults. Decode calls setDefaults
// where the section is present, before it reads what is given.
type defaulter interface{ setDefaults() }

// requirer is a section with fields that must be given.
type requirer interface{ required() []string }

// decoder moves a tree of nodes into a Manifest.
type decoder struct {
	collector
	offsets map[string]int // where the value, or else the name, of each path stands
}

// add joins errors of validation, without those that only repeat that a value
// is missing or of the wrong type.
func (d *decoder) add(found Errors) {
	structural := len(d.errors)
	for _, e := range found {
		repeats := slices.ContainsFunc(d.errors[:structural], func(s Error) bool { return covers(s.Path, e.Path) })
		if !repeats {
			d.errors = append(d.errors, e)
		}
	}
}

// sorted is the errors in the order of the text, with their positions.
func (d *decoder) sorted(t text) Errors {
	offset := func(e Error) int { return d.offset(e.Path) }
	slices.SortStableFunc(d.errors, func(a, b Error) int { return offset(a) - offset(b) })
	for n := range d.errors {
		d.errors[n].Line, d.errors[n].Column = t.position(offset(d.errors[n]))
	}
	return d.errors
}

// offset is where a path stands, or what holds it if it is missing.
func (d *decoder) offset(path string) int {
	for {
		if offset, ok := d.offsets[path]; ok || path == "" {
			return offset
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
}

func (d *decoder) value(n node, v reflect.Value, path string) {
	d.offsets[path] = n.offset
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem(), path)
	case reflect.Struct:
		if d.is(n, kindObject, path) {
			d.object(n, v, path)
		}
	case reflect.Slice:
		if d.is(n, kindList, path) && len(n.list) > 0 {
			v.Set(reflect.MakeSlice(v.Type(), len(n.list), len(n.list)))
			for i, e := range n.list {
				d.value(e, v.Index(i), element(path, i))
			}
		}
	case reflect.String:
		if d.is(n, kindString, path) {
			text, _ := n.value.(string)
			v.SetString(text)
		}
	case reflect.Bool:
		if d.is(n, kindBoolean, path) {
			truth, _ := n.value.(bool)
			v.SetBool(truth)
		}
	case reflect.Int, reflect.Int64:
		if d.is(n, kindNumber, path) {
			d.integer(n, v, path)
		}
	default:
		d.collector.add(path, "this program cannot read a field of type %s", v.Type())
	}
}

// is checks the type of a value.
func (d *decoder) is(n node, want kind, path string) bool {
	if n.kind == want {
		return true
	}
	if path == "" {
		d.collector.add(path, "a manifest is a JSON object, not %s", n.kind)
	} else {
		d.collector.add(path, "must be %s, not %s", want, n.kind)
	}
	return false
}

func (d *decoder) integer(n node, v reflect.Value, path string) {
	written, _ := n.value.(json.Number)
	number := written.String()
	whole, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		// 2.0 and 2e0 are whole numbers, too.
		float, floatErr := strconv.ParseFloat(number, 64)
		if floatErr != nil || float != math.Trunc(float) || math.Abs(float) > 1<<53 {
			d.collector.add(path, "must be a whole number, not %s", number)
			return
		}
		whole = int64(float)
	}
	v.SetInt(whole)
}

func (d *decoder) object(n node, v reflect.Value, path string) {
	if section, ok := v.Addr().Interface().(defaulter); ok {
		section.setDefaults()
	}
	known := fieldsOf(v.Type())
	given := map[string]bool{}
	for _, m := range n.members {
		inner := field(path, m.name)
		index := slices.Index(known, m.name)
		if index < 0 {
			inner = unknownField(path, m.name)
			d.offsets[inner] = m.offset
			d.collector.add(inner, "unknown field%s", suggestField(path, m.name, known))
			continue
		}
		if _, twice := given[m.name]; twice {
			d.duplicate(m, path)
			continue
		}
		given[m.name] = m.value.kind != kindNull
		if given[m.name] {
			d.value(m.value, v.Field(index), inner)
		}
	}
	if section, ok := v.Addr().Interface().(requirer); ok {
		for _, name := range section.required() {
			if !given[name] {
				d.collector.add(field(path, name), "missing required field")
			}
		}
	}
}

// duplicate reports a name that an object has twice. The error stands where
// the second one does.
func (d *decoder) duplicate(m member, path string) {
	inner := field(path, m.name)
	d.offsets[inner] = m.offset
	d.collector.add(inner, "is given twice: keep one of the two")
}

// plainName matches names that need no quotes in a path.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func unknownField(path, name string) string {
	if plainName.MatchString(name) {
		return field(path, name)
	}
	return fmt.Sprintf("%s[%q]", path, name)
}
