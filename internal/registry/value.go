package registry

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Type is what a value's data mean.
type Type uint32

// The types as winnt.h numbers them.
const (
	None     Type = 0
	String   Type = 1
	Expand   Type = 2
	Binary   Type = 3
	DWord    Type = 4
	Multi    Type = 7
	QWord    Type = 11
	lastType Type = QWord
)

var typeNames = [lastType + 1]string{
	"REG_NONE", "REG_SZ", "REG_EXPAND_SZ", "REG_BINARY", "REG_DWORD", "REG_DWORD_BIG_ENDIAN", "REG_LINK", "REG_MULTI_SZ",
	"REG_RESOURCE_LIST", "REG_FULL_RESOURCE_DESCRIPTOR", "REG_RESOURCE_REQUIREMENTS_LIST", "REG_QWORD",
}

// String is the name of the type. Others than Windows' own are numbers.
func (t Type) String() string {
	if t <= lastType {
		return typeNames[t]
	}
	return "type " + strconv.FormatUint(uint64(t), 16)
}

// Value is a value of a key. The name of a key's default value is "".
type Value struct {
	Name string
	Type Type
	Data []byte
}

// Equal compares values. Names of values have no case.
func (v Value) Equal(other Value) bool {
	return strings.EqualFold(v.Name, other.Name) && v.Type == other.Type && bytes.Equal(v.Data, other.Data)
}

// Text is the text of a value that is one, up to its first zero, or "".
func (v Value) Text() string {
	if v.Type != String && v.Type != Expand {
		return ""
	}
	text, _, _ := strings.Cut(decode(v.Data), "\x00")
	return text
}

// Texts are the texts of a value that is a list of them, or nil.
func (v Value) Texts() []string {
	if v.Type != Multi {
		return nil
	}
	var texts []string
	for text := range strings.SplitSeq(decode(v.Data), "\x00") {
		if text == "" {
			break
		}
		texts = append(texts, text)
	}
	return texts
}

// Number is the number of a value that is one.
func (v Value) Number() (uint64, bool) {
	switch {
	case v.Type == DWord && len(v.Data) == 4:
		return uint64(binary.LittleEndian.Uint32(v.Data)), true
	case v.Type == QWord && len(v.Data) == 8:
		return binary.LittleEndian.Uint64(v.Data), true
	}
	return 0, false
}

// String is the value as a report shows it, without its name.
func (v Value) String() string {
	switch number, ok := v.Number(); {
	case ok:
		return fmt.Sprintf("%s %#x", v.Type, number)
	case v.Type == String || v.Type == Expand:
		return fmt.Sprintf("%s %q", v.Type, v.Text())
	case v.Type == Multi:
		return fmt.Sprintf("%s %q", v.Type, v.Texts())
	}
	return fmt.Sprintf("%s % x", v.Type, v.Data)
}

// TextValue is a value of type String or Expand.
func TextValue(name string, kind Type, text string) Value {
	return Value{Name: name, Type: kind, Data: encode(text + "\x00")}
}

// TextsValue is a value that is a list of texts, of which none may be empty.
func TextsValue(name string, texts ...string) Value {
	return Value{Name: name, Type: Multi, Data: encode(strings.Join(append(texts, ""), "\x00") + "\x00")}
}

// NumberValue is a value that is a number.
func NumberValue(name string, number uint32) Value {
	return Value{Name: name, Type: DWord, Data: binary.LittleEndian.AppendUint32(nil, number)}
}

// decode reads UTF-16. Half a letter at the end is left out.
func decode(data []byte) string {
	units := make([]uint16, len(data)/2)
	for n := range units {
		units[n] = binary.LittleEndian.Uint16(data[2*n:])
	}
	return string(utf16.Decode(units))
}

func encode(text string) []byte {
	var data []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		data = binary.LittleEndian.AppendUint16(data, unit)
	}
	return data
}
