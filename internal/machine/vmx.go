package machine

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
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
var vmxEntry = regexp.MustCompile(`^([A-Za-z0-9_.:-]+)[ \t]*=[ \t]*(?:"([^"]*)"|([^"#]*?))[ \t]*(?:#.*)?$`)

// ParseVMX reads a VMX file, in whatever encoding it says that it is. A key that has two
// values is an error, as it is for VMware: nobody could tell which holds.
func ParseVMX(data []byte) (VMX, error) {
	if len(data) > MaxVMX {
		return nil, fmt.Errorf("a VMX file of %d bytes is larger than the %d that are allowed", len(data), MaxVMX)
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return nil, errors.New("it holds bytes that no text has")
	}
	entries := VMX{}
	for n, line := range strings.Split(decodeVMX(data), "\n") {
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

// decodeVMX turns a file into UTF-8. Its bytes count for more than what it says.
func decodeVMX(data []byte) string {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if utf8.Valid(data) {
		return string(data)
	}
	if match := vmxEncoding.FindSubmatch(data); match != nil {
		if declared, err := htmlindex.Get(string(match[1])); err == nil && !strings.HasPrefix(strings.ToLower(string(match[1])), "utf") {
			if text, err := declared.NewDecoder().Bytes(data); err == nil {
				return string(text)
			}
		}
	}
	text, err := charmap.Windows1252.NewDecoder().Bytes(data)
	if err != nil {
		return strings.ToValidUTF8(string(data), "?")
	}
	return string(text)
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

// is says that a key has the value TRUE.
func (v VMX) is(key string) bool { return strings.EqualFold(v[strings.ToLower(key)], "true") }

func (v VMX) text(key string) string { return strings.TrimSpace(v[strings.ToLower(key)]) }

// number is a positive number that is not absurd, or 0.
func (v VMX) number(key string) int64 {
	number, err := strconv.ParseInt(v.text(key), 10, 32)
	if err != nil || number < 0 {
		return 0
	}
	return number
}
