package conf

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

// UnitPath is the path that the name of a systemd unit stands for, without the ending
// such as .mount or .device: what systemd-escape --unescape --path makes of it.
func UnitPath(name string) string {
	if name == "-" {
		return "/"
	}
	var b strings.Builder
	b.WriteByte('/')
	for i := 0; i < len(name); i++ {
		switch {
		case name[i] == '-':
			b.WriteByte('/')
		case strings.HasPrefix(name[i:], `\x`) && i+4 <= len(name):
			if c, err := strconv.ParseUint(name[i+2:i+4], 16, 8); err == nil {
				b.WriteByte(byte(c))
				i += 3
				continue
			}
			b.WriteByte('\\')
		default:
			b.WriteByte(name[i])
		}
	}
	return b.String()
}

// UnitName is the name, without its ending, of the systemd unit of a path: what
// systemd-escape --path makes of it.
func UnitName(name string) string {
	name = strings.Trim(path.Clean("/"+name), "/")
	if name == "" {
		return "-"
	}
	var b strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case c == '/':
			b.WriteByte('-')
		case c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c == ':', c == '_', c == '.' && i > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	return b.String()
}
