package report

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Indented is the report's file, as people read it.
func (r *Report) Indented() ([]byte, error) {
	compact, err := encode(r)
	if err != nil {
		return nil, fmt.Errorf("encoding the report: %w", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, compact, "", "  "); err != nil {
		return nil, fmt.Errorf("encoding the report: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}
