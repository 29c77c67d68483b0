package machine

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
)

// MaxVMX is how large a VMX file may be, in bytes. Honest ones have some thousand.
const MaxVMX = 1 << 20

// ErrEncrypted is what an encrypted VMX file gets: it tells nothing of its machine.
var ErrEncrypted = errors.New("VMware encrypted it")

// VMX are the entries of a VMX file, by their keys in lower case.
type VMX map[string]string

// vmxEntry is a line with an entry. Quotes may be missing.
var vmxEntry = regexp.MustCompile(`^([^\s="#]+)[ \t]*=[ \t]*(?:"([^"]*)"|([^"#]*?))[ \t]*(?:#.*)?$`)

// ParseVMX reads a VMX file, in whatever encoding it says that it is. A key that has two
// values is an error, as it is for VMware: nobody could tell which holds.
func ParseVMX(data []byte) (VMX, error) {
	if len(data) > MaxVMX {
		return nil, fmt.Errorf("a VMX file of %d bytes is larger than the %d that are allowed", len(data), MaxVMX)
	}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return nil, errors.New("it is in UTF-16, which VMware does not read either: save it in UTF-8")
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return nil, errors.New("it holds bytes that no text has")
	}
	entries := VMX{}
	text, _ := decodeVMX(data)
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		match := vmxEntry.FindStringSubmatch(line)
		if match == nil {
			return nil, fmt.Errorf("line %d is no entry of the form key = \"value\"", n+1)
		}
		key, value := strings.ToLower(match[1]), unescapeVMX(match[2]+match[3])
		if before, twice := entries[key]; twice && before != value {
			return nil, fmt.Errorf("line %d gives %s a second value", n+1, match[1])
		}
		entries[key] = value
	}
	if entries["encryption.keysafe"] != "" || entries["encryption.data"] != "" {
		return nil, ErrEncrypted
	}
	if entries["config.version"] == "" && entries["virtualhw.version"] == "" {
		return nil, errors.New("it has neither config.version nor virtualHW.version, which each VMX file has")
	}
	return entries, nil
}

// vmxEncoding names the encoding of the whole file, in ASCII.
var vmxEncoding = regexp.MustCompile(`(?im)^[ \t]*\.encoding[ \t]*=[ \t]*"?([A-Za-z0-9._:-]+)"?`)

// hostEncodings are VMware's names of encodings of Windows that browsers know by others.
var hostEncodings = map[string]string{"windows-932": "shift_jis", "windows-936": "gbk", "windows-950": "big5"}

// GuessedEncoding names the encoding that a VMX file is read in where that is not what
// the file says, and is "" where it is.
func GuessedEncoding(data []byte) string {
	_, guessed := decodeVMX(data)
	return guessed
}

// decodeVMX turns a file into UTF-8. Its bytes count for more than what it says.
func decodeVMX(data []byte) (text, guessed string) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if utf8.Valid(data) {
		return string(data), ""
	}
	if match := vmxEncoding.FindSubmatch(data); match != nil {
		name := strings.ToLower(string(match[1]))
		declared, err := htmlindex.Get(cmp.Or(hostEncodings[name], name))
		if err == nil && !strings.HasPrefix(name, "utf") {
			if text, err := declared.NewDecoder().Bytes(data); err == nil {
				return string(text), ""
			}
		}
	}
	const western = "windows-1252"
	if decoded, err := charmap.Windows1252.NewDecoder().Bytes(data); err == nil {
		return string(decoded), western
	}
	return strings.ToValidUTF8(string(data), "?"), "utf-8"
}

var vmxEscape = regexp.MustCompile(`\|[0-9A-Fa-f]{2}`)

// unescapeVMX replaces VMware's "|22" and its like by the bytes that they stand for.
func unescapeVMX(value string) string {
	return strings.ToValidUTF8(vmxEscape.ReplaceAllStringFunc(value, func(escape string) string {
		code, err := strconv.ParseUint(escape[1:], 16, 8)
		if err != nil {
			return escape
		}
		return string([]byte{byte(code)})
	}), "?")
}

// is says that a key has the value TRUE, or another word for it.
func (v VMX) is(key string) bool {
	return slices.Contains([]string{"true", "t", "yes", "y", "on", "1"}, strings.ToLower(v.text(key)))
}

// isNot says that a key has the value FALSE, or another word for it.
func (v VMX) isNot(key string) bool {
	return slices.Contains([]string{"false", "f", "no", "n", "off", "0"}, strings.ToLower(v.text(key)))
}

func (v VMX) text(key string) string { return strings.TrimSpace(v[strings.ToLower(key)]) }

// number is a positive number that is not absurd, or 0.
func (v VMX) number(key string) int64 {
	number, err := strconv.ParseInt(v.text(key), 10, 32)
	if err != nil || number < 0 {
		return 0
	}
	return number
}
