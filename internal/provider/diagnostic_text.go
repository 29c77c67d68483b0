package provider

import "strings"

// shortened is a message as a summary has it: its first line, and not all of a
// long one.
func shortened(message string) string {
	const enough = 160
	line, _, _ := strings.Cut(message, "\n")
	if runes := []rune(line); len(runes) > enough {
		return string(runes[:enough-3]) + "..."
	}
	return strings.TrimSuffix(line, ":")
}

// beyond is a message as a detail has it: nothing where the summary says all.
func beyond(message string) string {
	if shortened(message) == message {
		return ""
	}
	return strings.TrimSuffix(message, ".") + "."
}

// sentence is a remedy as a diagnostic has it. Messages stay as they are: they
// may begin with a file's name.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}

// paragraphs joins those that are not empty.
func paragraphs(texts ...string) string {
	var kept []string
	for _, text := range texts {
		if text != "" {
			kept = append(kept, text)
		}
	}
	return strings.Join(kept, "\n\n")
}
