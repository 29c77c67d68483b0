// Package imagename reads how QEMU calls disk images in its messages.
package imagename

import (
	"encoding/json"
	"regexp"
	"strings"
)

// mark begins a description of an image that stands in the place of its name.
const mark = "json:{"

var filename = regexp.MustCompile(`"(?:file\.)*filename" *: *("(?:[^"\\]|\\.)*")`)

// Plain puts the name of an image's file in the place of each description of an image in
// a message of QEMU.
func Plain(message string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(message, mark)
		out.WriteString(before)
		if !found {
			return out.String()
		}
		end := length(rest) + len(mark) - 1
		spec := message[len(before)+len(mark)-1 : len(before)+end]
		out.WriteString(fileOf(spec))
		message = message[len(before)+end:]
	}
}

// length is that of the description whose first brace is left out. One that was cut off
// ends where QEMU's quotation or line does.
func length(text string) int {
	depth, quoted := 1, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\n':
			return i + 1
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				return i + 2
			}
		}
	}
	if end := strings.IndexByte(text, '\''); end >= 0 {
		return end + 1
	}
	return len(text) + 1
}

// fileOf is the file in which the image that is described lies, and not those below it.
func fileOf(spec string) string {
	var node map[string]any
	if json.Unmarshal([]byte(spec), &node) == nil {
		for node != nil {
			for _, key := range []string{"filename", "file.filename", "file.file.filename"} {
				if name, ok := node[key].(string); ok {
					return name
				}
			}
			node, _ = node["file"].(map[string]any)
		}
	}
	for _, m := range filename.FindAllStringSubmatch(spec, -1) {
		var name string
		if json.Unmarshal([]byte(m[1]), &name) == nil {
			return name
		}
	}
	return "the image"
}
