package conf

import "strings"

const (
	grubEnvironmentSignature = "# GRUB Environment Block\n"
	// GrubEnvironmentBlock is what the size in bytes of a GRUB environment is a
	// multiple of.
	GrubEnvironmentBlock = 1024
)

// GrubEnvironment is a GRUB environment block (grubenv): variables, and filling
// up to a size that stays, since GRUB writes the file in place.
type GrubEnvironment struct {
	size    int
	content string
}

// ParseGrubEnvironment reads a block; ok is false for a file that GRUB would
// not take for one.
func ParseGrubEnvironment(text string) (env GrubEnvironment, ok bool) {
	content := strings.TrimRight(text, "#")
	ok = strings.HasPrefix(text, grubEnvironmentSignature) && strings.HasSuffix(content, "\n")
	return GrubEnvironment{size: len(text), content: content}, ok
}

// Values are the variables, without the escapes of backslash and line end.
func (e GrubEnvironment) Values() map[string]string {
	values := map[string]string{}
	for _, line := range e.lines() {
		if name, value, ok := splitGrubVariable(line); ok {
			values[name] = unescapeGrub(strings.TrimSuffix(value, "\n"))
		}
	}
	return values
}

// Edit gives the variables new values. Those that edit is given, and those that
// it returns, have their escapes and their line end.
func (e GrubEnvironment) Edit(edit func(name, value string) string) GrubEnvironment {
	var b strings.Builder
	for _, line := range e.lines() {
		if name, value, ok := splitGrubVariable(line); ok {
			line = name + "=" + edit(name, value)
		}
		b.WriteString(line)
	}
	e.content = b.String()
	return e
}

// Set gives one variable a value, and adds it where there is none of its name.
func (e GrubEnvironment) Set(name, value string) GrubEnvironment {
	line := strings.NewReplacer("\\", "\\\\", "\n", "\\\n").Replace(value) + "\n"
	if _, ok := e.Values()[name]; !ok {
		e.content += name + "=" + line
		return e
	}
	return e.Edit(func(known, old string) string {
		if known == name {
			return line
		}
		return old
	})
}

// String is the file's text. It has the size that it had, or grows by whole
// blocks; where its size was no multiple of a block it becomes one.
func (e GrubEnvironment) String() string {
	size := e.size
	for size < len(e.content) || size%GrubEnvironmentBlock != 0 {
		size = (size/GrubEnvironmentBlock + 1) * GrubEnvironmentBlock
	}
	return e.content + strings.Repeat("#", size-len(e.content))
}

// lines splits after each line end that no backslash escapes.
func (e GrubEnvironment) lines() []string {
	var lines []string
	start := 0
	for i := 0; i < len(e.content); i++ {
		switch e.content[i] {
		case '\\':
			i++
		case '\n':
			lines = append(lines, e.content[start:i+1])
			start = i + 1
		}
	}
	return append(lines, e.content[start:])
}

func splitGrubVariable(line string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(line, "=")
	return name, value, ok && !strings.HasPrefix(line, "#")
}

func unescapeGrub(value string) string {
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		if value[i] == '\\' && i+1 < len(value) {
			i++
		}
		b.WriteByte(value[i])
	}
	return b.String()
}
