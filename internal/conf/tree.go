package conf

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
)

// YAMLEntries are the scalars of all documents, aliases resolved, by the keys that
// lead to them, and what is empty. Mappings have no order.
func YAMLEntries(text string) ([]Entry, error) {
	if err := CheckYAML(text); err != nil {
		return nil, err
	}
	var tree flattener
	decoder := yaml.NewDecoder(strings.NewReader(text))
	for n := 0; ; n++ {
		var document any
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return tree.entries, nil
		}
		if err == nil {
			err = tree.flatten(strconv.Itoa(n), document)
		}
		if err != nil {
			return nil, err
		}
	}
}

// JSONEntries are those of a JSON text.
func JSONEntries(text string) ([]Entry, error) {
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	var document any
	if err := decoder.Decode(&document); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows its end")
	}
	var tree flattener
	err := tree.flatten("", document)
	return tree.entries, err
}

// maxFlat is how much a tree may be as entries, in bytes: aliases of aliases make some
// lines of YAML unfold to any size.
const maxFlat = 16 << 20

// flattener collects the scalars of a tree.
type flattener struct {
	entries []Entry
	size    int
}

func (f *flattener) add(key, value string) error {
	if f.size += len(key) + len(value); f.size > maxFlat {
		return errors.New("it unfolds to more than can be compared")
	}
	f.entries = append(f.entries, Entry{Key: key, Value: value})
	return nil
}

func (f *flattener) flatten(key string, value any) error {
	switch v := value.(type) {
	case map[string]any:
		if len(v) == 0 {
			return f.add(key, "{}")
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if err := f.flatten(key+"/"+name, v[name]); err != nil {
				return err
			}
		}
		return nil
	case []any:
		if len(v) == 0 {
			return f.add(key, "[]")
		}
		for i, item := range v {
			if err := f.flatten(key+"/"+strconv.Itoa(i), item); err != nil {
				return err
			}
		}
		return nil
	}
	return f.add(key, fmt.Sprintf("%T %v", value, value))
}
