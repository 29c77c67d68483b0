package initramfs

import (
	"path"
	"slices"
	"strings"
)

// Reference is a device name inside an image.
type Reference struct {
	File string // path in the image
	// Key is the option or variable whose value it is ("resume", "ROOT"), ""
	// in a table.
	Key  string
	Spec string // "/dev/sda2", "UUID=..."
	// Wait is true where the image waits for the device because of the name
	// of an entry; no later archive can take that back.
	Wait bool
}

// References lists the device names that the image's configuration carries, by
// file. Names of file systems without a device are left out.
func (i *Image) References() []Reference {
	var found []Reference
	for _, name := range i.Texts() {
		RewriteDevices(name, string(i.texts[name]), func(r Reference) (string, bool) {
			found = append(found, r)
			return r.Spec, true
		})
	}
	return append(found, i.waits...)
}

// RewriteDevices passes every device name of one of the image's configuration
// files through rename and returns the new text. Where rename returns false,
// the option, assignment or line that names the device is dropped.
func RewriteDevices(name, text string, rename func(Reference) (spec string, keep bool)) string {
	rewrite := rewriterFor(name)
	if rewrite == nil {
		return text
	}
	visit := func(key, spec string) (string, bool) {
		return rename(Reference{File: name, Key: key, Spec: spec})
	}
	var out strings.Builder
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || strings.HasPrefix(trimmed, "#") {
			out.WriteString(line)
			continue
		}
		out.WriteString(rewrite(line, visit))
	}
	return out.String()
}

type (
	lineRewriter func(line string, visit visitor) string
	visitor      func(key, spec string) (string, bool)
)

func rewriterFor(name string) lineRewriter {
	base := path.Base(name)
	switch dir := path.Dir(name); {
	case base == "crypttab":
		return rewriteColumn(1)
	case strings.HasPrefix(base, "fstab"):
		return rewriteColumn(0)
	case name == OldCryptTable:
		return rewriteCryptOptions
	case name == "conf/param.conf", dir == "conf/conf.d":
		return rewriteAssignment
	case dir == "etc/cmdline.d", name == "etc/cmdline":
		return rewriteOptions
	}
	return nil
}

// isDevice says whether a word names a block device.
func isDevice(spec string) bool {
	return strings.HasPrefix(spec, "/dev/") ||
		slices.ContainsFunc([]string{"UUID=", "LABEL=", "PARTUUID=", "PARTLABEL="},
			func(tag string) bool { return strings.HasPrefix(spec, tag) })
}

func rewriteColumn(column int) lineRewriter {
	return func(line string, visit visitor) string {
		start, end := fieldBounds(line, column)
		if start == end || !isDevice(line[start:end]) {
			return line
		}
		spec, keep := visit("", line[start:end])
		if !keep {
			return ""
		}
		return line[:start] + spec + line[end:]
	}
}

// fieldBounds returns the byte range of a line's white-space separated field,
// empty when there is none.
func fieldBounds(line string, field int) (start, end int) {
	for {
		rest := strings.TrimLeft(line[end:], " \t")
		start = len(line) - len(rest)
		length := strings.IndexAny(rest, " \t\r\n")
		if length < 0 {
			length = len(rest)
		}
		end = start + length
		if field == 0 || length == 0 {
			return start, end
		}
		field--
	}
}

func rewriteAssignment(line string, visit visitor) string {
	key, value, ok := strings.Cut(strings.TrimRight(line, " \t\r\n"), "=")
	if !ok || strings.ContainsAny(key, " \t") {
		return line
	}
	quote := ""
	if len(value) > 1 && (value[0] == '"' || value[0] == '\'') && value[len(value)-1] == value[0] {
		quote, value = value[:1], value[1:len(value)-1]
	}
	if !isDevice(value) || strings.ContainsAny(value, " \t") {
		return line
	}
	spec, keep := visit(key, value)
	if !keep {
		return ""
	}
	return key + "=" + quote + spec + quote + "\n"
}

// OldCryptTable is where cryptsetup before version 2.0.3 of Debian wrote down, one line
// each, what it opens: "target=root,source=/dev/sda5,key=none".
const OldCryptTable = "conf/conf.d/cryptroot"

func rewriteCryptOptions(line string, visit visitor) string {
	text := strings.TrimRight(line, " \t\r\n")
	options := strings.Split(text, ",")
	for n, option := range options {
		spec, ok := strings.CutPrefix(option, "source=")
		if !ok || !isDevice(spec) {
			continue
		}
		spec, keep := visit("source", spec)
		if !keep {
			return ""
		}
		options[n] = "source=" + spec
	}
	return strings.Join(options, ",") + line[len(text):]
}

func rewriteOptions(line string, visit visitor) string {
	var out strings.Builder
	for start, end := fieldBounds(line, 0); start < end; {
		token := line[start:end]
		if key, value, ok := strings.Cut(token, "="); ok {
			prefix := key + "="
			if rest, ok := strings.CutPrefix(value, "block:"); ok {
				prefix, value = prefix+"block:", rest
			}
			if isDevice(value) {
				spec, keep := visit(key, value)
				token = prefix + spec
				if !keep {
					token = ""
				}
			}
		}
		out.WriteString(line[:start] + token)
		line = line[end:]
		start, end = fieldBounds(line, 0)
	}
	return out.String() + line
}

// markWait learns the devices that dracut's images wait for: a script that
// dracut-lib.sh names after the device, and a unit that systemd does.
func (i *Image) markWait(name string) {
	base := path.Base(name)
	spec := ""
	switch {
	case strings.Contains(name, "/initqueue/finished/devexists-"):
		spec = unescape(strings.TrimSuffix(strings.TrimPrefix(base, "devexists-"), ".sh"), false)
	case strings.HasSuffix(path.Dir(name), "/initrd.target.wants") && strings.HasSuffix(base, ".device"):
		spec = "/" + unescape(strings.TrimSuffix(base, ".device"), true)
	}
	if !strings.HasPrefix(spec, "/dev/") || len(i.waits) >= maxWaits {
		return
	}
	i.waits = append(i.waits, Reference{File: name, Spec: spec, Wait: true})
}

// maxWaits bounds the list of awaited devices.
const maxWaits = 1000

// unescape turns \xNN into the character it stands for and, in the names of
// units, - into /.
func unescape(s string, unit bool) string {
	var out strings.Builder
	for len(s) > 0 {
		if c, ok := escaped(s); ok {
			out.WriteByte(c)
			s = s[4:]
			continue
		}
		if unit && s[0] == '-' {
			out.WriteByte('/')
		} else {
			out.WriteByte(s[0])
		}
		s = s[1:]
	}
	return out.String()
}

func escaped(s string) (byte, bool) {
	if len(s) < 4 || s[:2] != `\x` {
		return 0, false
	}
	high, low := strings.IndexByte(hexDigits, s[2]|0x20), strings.IndexByte(hexDigits, s[3]|0x20)
	if high < 0 || low < 0 {
		return 0, false
	}
	return byte(high<<4 | low), true
}

const hexDigits = "0123456789abcdef"
