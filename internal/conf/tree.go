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
	var entries []Entry
	decoder := yaml.NewDecoder(strings.NewReader(text))
	for n := 0; ; n++ {
		var document any
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return entries, nil
		}
		if err != nil {
			return nil, err
		}
		entries = flatten(entries, strconv.Itoa(n), document)
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
	return flatten(nil, "", document), nil
}

func flatten(entries []Entry, key string, value any) []Entry {
	switch v := value.(type) {
	case map[string]any:
		if len(v) == 0 {
			return append(entries, Entry{Key: key, Value: "{}"})
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			entries = flatten(entries, key+"/"+name, v[name])
		}
		return entries
	case []any:
		if len(v) == 0 {
			return append(entries, Entry{Key: key, Value: "[]"})
		}
		for i, item := range v {
			entries = flatten(entries, key+"/"+strconv.Itoa(i), item)
		}
		return entries
	}
	return append(entries, Entry{Key: key, Value: fmt.Sprintf("%T %v", value, value)})
}
