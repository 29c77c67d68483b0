package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// MarshalJSON implements json.Marshaler. Lists without elements are [] and not
// null, because the schema's readers count on lists.
func (r Report) MarshalJSON() ([]byte, error) {
	type plain Report
	if r.Artifacts == nil {
		r.Artifacts = []Artifact{}
	}
	if r.Concerns == nil {
		r.Concerns = []Concern{}
	}
	if r.Warnings == nil {
		r.Warnings = []Message{}
	}
	if r.Errors == nil {
		r.Errors = []Message{}
	}
	return encode(plain(r))
}

// encode is json.Marshal without its escapes of <, > and &: a report holds
// diffs that people read.
func encode(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// MarshalJSON implements json.Marshaler: an object with a member for each
// stage, in the order in which they ran.
func (s Stages) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for n, stage := range s {
		if n > 0 {
			out.WriteByte(',')
		}
		name, err := encode(stage.Name)
		if err != nil {
			return nil, err
		}
		value, err := encode(stage)
		if err != nil {
			return nil, fmt.Errorf("stage %s: %w", stage.Name, err)
		}
		out.Write(name)
		out.WriteByte(':')
		out.Write(value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// UnmarshalJSON implements json.Unmarshaler and keeps the order of the members.
func (s *Stages) UnmarshalJSON(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	opening, err := decoder.Token()
	if err != nil {
		return err
	}
	stages := Stages{}
	if opening == nil {
		*s = stages
		return nil
	}
	if opening != json.Delim('{') {
		return errors.New("stages must be an object")
	}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // an object's keys are strings
		var stage Stage
		if err := decoder.Decode(&stage); err != nil {
			return fmt.Errorf("stage %s: %w", name, err)
		}
		stage.Name = name
		stages = append(stages, stage)
	}
	*s = stages
	return nil
}
