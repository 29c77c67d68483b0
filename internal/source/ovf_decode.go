package source

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/vmware/govmomi/ovf"
)

const (
	// maxOVF is how large a descriptor may be, in bytes. Honest ones have some
	// ten thousand.
	maxOVF = 8 << 20
	// maxOVFDepth is how deep its elements may be nested.
	maxOVFDepth = 64
)

// decodeOVF reads a descriptor in UTF-8. Document types, which only attackers
// need, and deep nesting are refused before the library sees the text, and
// what nobody uses is left out of it.
func decodeOVF(text []byte) (*ovf.Envelope, error) {
	if len(text) > maxOVF {
		return nil, fmt.Errorf("a descriptor of %d bytes is larger than the %d that are allowed", len(text), maxOVF)
	}
	reduced, root, err := reduceOVF(text)
	if err != nil {
		return nil, err
	}
	if !strings.EqualFold(root, "Envelope") {
		return nil, fmt.Errorf("its root is <%s>, and that of an OVF descriptor is <Envelope>", printable(root))
	}
	return ovf.Unmarshal(bytes.NewReader(reduced))
}
