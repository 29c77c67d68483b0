package source

import "strings"

// WarningText are the messages of the warnings, each on a line of its own.
func (s *Source) WarningText() string {
	var messages []string
	for _, warning := range s.Warnings {
		messages = append(messages, warning.Message)
	}
	return strings.Join(messages, "\n")
}
