package source

import (
	"bytes"
	"encoding/binary"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
)

// decoded is a text as UTF-8, without a byte order mark.
type decoded struct {
	text []byte
	// guessed names the encoding where nothing in the text told it.
	guessed string
}

var xmlEncoding = regexp.MustCompile(`^\s*<\?xml[^>]*\sencoding\s*=\s*["']([A-Za-z0-9._:-]+)["']`)

// decodeText finds out how a text is encoded. Its bytes count for more than
// what it declares: exporters write UTF-8 under a declaration of UTF-16, and
// Latin letters of Windows under one of UTF-8.
func decodeText(data []byte) decoded {
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		data = data[3:]
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		return decoded{text: decodeUTF16(data[2:], binary.LittleEndian)}
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		return decoded{text: decodeUTF16(data[2:], binary.BigEndian)}
	case len(data) > 3 && data[0] != 0 && data[1] == 0 && data[2] != 0 && data[3] == 0:
		return decoded{text: decodeUTF16(data, binary.LittleEndian)}
	case len(data) > 3 && data[0] == 0 && data[1] != 0 && data[2] == 0 && data[3] != 0:
		return decoded{text: decodeUTF16(data, binary.BigEndian)}
	}
	if utf8.Valid(data) {
		return decoded{text: data}
	}
	if match := xmlEncoding.FindSubmatch(data[:min(len(data), 256)]); match != nil {
		if declared := encodingNamed(string(match[1])); declared != nil {
			if text, err := declared.NewDecoder().Bytes(data); err == nil {
				return decoded{text: text}
			}
		}
	}
	text, err := charmap.Windows1252.NewDecoder().Bytes(data)
	if err != nil {
		return decoded{text: data}
	}
	return decoded{text: text, guessed: "windows-1252"}
}

// encodingNamed finds an encoding of single bytes or of East Asia by its name;
// those of Unicode are told by the bytes.
func encodingNamed(name string) encoding.Encoding {
	if strings.HasPrefix(strings.ToLower(name), "utf") {
		return nil
	}
	found, err := htmlindex.Get(name)
	if err != nil {
		return nil
	}
	return found
}

func decodeUTF16(data []byte, order binary.ByteOrder) []byte {
	units := make([]uint16, len(data)/2)
	for n := range units {
		units[n] = order.Uint16(data[2*n:])
	}
	return []byte(string(utf16.Decode(units)))
}
