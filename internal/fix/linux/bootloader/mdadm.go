package bootloader

import (
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// EditMdadm edits mdadm.conf. A DEVICE line that lists disks by name hides
// the array's members when they come under other names; ARRAY lines with a
// UUID need no devices=.
func EditMdadm(text string) string {
	return conf.EditTable(text, func(_ int, line string, t conf.TableLine) string {
		switch keyword := strings.ToUpper(t.Fields[0]); {
		case abbreviates(keyword, "DEVICE"):
			if boundToDisks(t.Fields[1:]) {
				end := line[len(strings.TrimRight(line, conf.Blanks)):]
				return t.Fields[0] + " partitions containers" + end
			}
		case abbreviates(keyword, "ARRAY"):
			if strings.Contains(strings.ToLower(line), "uuid=") {
				return t.WithoutFields(func(f string) bool {
					spec, ok := strings.CutPrefix(strings.ToLower(f), "devices=")
					return ok && boundToDisks(strings.Split(spec, ","))
				})
			}
		}
		return line
	})
}

// abbreviates reports whether mdadm takes a word for the keyword: three
// letters are enough.
func abbreviates(word, keyword string) bool {
	return len(word) >= 3 && len(word) <= len(keyword) && keyword[:len(word)] == word
}

// boundToDisks reports whether names, which may be patterns, name disks of the
// old machine and nothing that takes in all disks.
func boundToDisks(names []string) bool {
	bound := false
	for _, name := range names {
		switch {
		case strings.HasPrefix(name, "#"):
			return bound
		case strings.EqualFold(name, "partitions"):
			return false
		case strings.HasPrefix(name, "/dev/"):
			bound = true
		}
	}
	return bound
}
