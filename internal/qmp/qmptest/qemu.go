// Package qmptest plays a QEMU for tests of what speaks with one.
package qmptest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"testing"
)

// Answers is what a QEMU answers a command with, as the members of the object that
// it sends, such as `"return": {}`. An empty answer is none: it ends.
type Answers func(command string, arguments json.RawMessage) string

// Table is Answers by the commands' names.
func Table(answers map[string]string) Answers {
	return func(command string, _ json.RawMessage) string { return answers[command] }
}

// Play says the lines unasked, and answers what is asked, at the other end of the
// connection that it returns.
func Play(t *testing.T, unasked []string, answers Answers) net.Conn {
	t.Helper()
	ours, theirs := net.Pipe()
	go func() {
		defer theirs.Close() //nolint:errcheck // a pipe
		for _, line := range unasked {
			fmt.Fprintln(theirs, line)
		}
		lines := bufio.NewScanner(theirs)
		for lines.Scan() {
			var asked struct {
				Execute   string          `json:"execute"`
				Arguments json.RawMessage `json:"arguments"`
				ID        int             `json:"id"`
			}
			_ = json.Unmarshal(lines.Bytes(), &asked) // no command then
			answer := answers(asked.Execute, asked.Arguments)
			if answer == "" {
				return
			}
			fmt.Fprintf(theirs, "{%s, \"id\": %d}\n", answer, asked.ID)
		}
	}()
	t.Cleanup(func() { _ = ours.Close() })
	return ours
}
