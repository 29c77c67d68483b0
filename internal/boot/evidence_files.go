package boot

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
)

// logHeading begins every file that Log writes.
const logHeading = "# hyper2kvm boot log\n"

// pngMark is the chunk that tells our pictures from others: a text (PNG,
// section 11.3.3.2).
var pngMark = pngChunk("tEXt", "Software\x00hyper2kvm boot screenshot")

// pngHeader is how long the signature of PNG and the first chunk are, in bytes.
const pngHeader = 8 + 25

func pngChunk(kind, content string) []byte {
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(content)))
	chunk = append(append(chunk, kind...), content...)
	return binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
}

// Log is the text of a file that keeps what was seen of a boot, for people.
func (o Outcome) Log() string {
	var text strings.Builder
	text.WriteString(logHeading)
	fmt.Fprintf(&text, "# %s after %s (%s, %s)\n", o.Verdict, o.Duration.Round(100*time.Millisecond), o.State, o.Accelerator)
	if o.Reason != "" {
		fmt.Fprintf(&text, "# %s\n", o.Reason)
	}
	for _, e := range o.Evidence {
		fmt.Fprintf(&text, "# %7.1f s  %s: %s\n", e.Seconds, e.Source, e.Seen)
	}
	text.WriteString("\n# The serial console:\n" + o.Console + "\n")
	if o.Screen.Text != "" {
		text.WriteString("\n# The screen:\n" + o.Screen.Text + "\n")
	}
	return text.String()
}

// Screenshot is the picture as a file in the form PNG, marked as ours.
func (o Outcome) Screenshot() ([]byte, error) {
	file, err := o.Screen.PNG()
	if err != nil {
		return nil, err
	}
	return append(append(append([]byte(nil), file[:pngHeader]...), pngMark...), file[pngHeader:]...), nil
}

// IsEvidence says whether the file at path is one that Log or Screenshot made, and
// may be replaced as such. A file that is not there is fs.ErrNotExist.
func IsEvidence(path string) (bool, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return false, err
	}
	if !info.Mode().IsRegular() {
		return false, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer file.Close() //nolint:errcheck // only read
	start := make([]byte, pngHeader+len(pngMark))
	n, err := io.ReadFull(file, start)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return false, err
	}
	start = start[:n]
	return bytes.HasPrefix(start, []byte(logHeading)) || n > pngHeader && bytes.Equal(start[pngHeader:], pngMark), nil
}

// Vacant says whether evidence may be written to path: nothing is there, or
// evidence of an earlier boot.
func Vacant(path string) error {
	ours, err := IsEvidence(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !ours:
		return fmt.Errorf("%s exists, and no boot of a guest made it", path)
	}
	return nil
}
