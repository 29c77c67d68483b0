package source

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"

	"github.com/vmware/govmomi/ovf"
)

const (
	// maxOVF is how large a descriptor may be, in bytes. Honest ones have some
	// ten thousand.
	maxOVF = 8 << 20
	// maxOVFDepth is how deep its elements may be nested.
	maxOVFDepth = 64
)

// decodeOVF reads a descriptor. Document types, which only attackers need, and
// deep nesting are refused before the library sees the text.
func decodeOVF(text []byte) (*ovf.Envelope, error) {
	if len(text) > maxOVF {
		return nil, fmt.Errorf("a descriptor of %d bytes is larger than the %d that are allowed", len(text), maxOVF)
	}
	decoder := xml.NewDecoder(bytes.NewReader(text))
	depth := 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		switch token.(type) {
		case xml.Directive:
			return nil, errors.New("it declares a document type, which is not allowed")
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
		if depth > maxOVFDepth {
			return nil, fmt.Errorf("its elements are nested more than %d deep", maxOVFDepth)
		}
	}
	return ovf.Unmarshal(bytes.NewReader(text))
}
