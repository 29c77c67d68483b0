package worker

import (
	"strings"
	"sync"
)

const (
	// tailLines and tailLine bound what is kept: lines, and bytes of each.
	tailLines = 40
	tailLine  = 1 << 10
	// maxTailRead is how much of a line is searched for secrets, in bytes.
	maxTailRead = 64 << 10
)

// tail keeps the last lines that the child printed, without secrets.
type tail struct {
	mask *strings.Replacer

	mutex sync.Mutex // standard output and standard error have a goroutine each
	lines []string
}

func newTail(secrets []string) *tail {
	pairs := make([]string, 0, 2*len(secrets))
	for _, secret := range secrets {
		pairs = append(pairs, secret, "(secret)")
	}
	return &tail{mask: strings.NewReplacer(pairs...)}
}

func (t *tail) line(line []byte, cut bool) {
	if len(line) > maxTailRead {
		line, cut = line[:maxTailRead], true
	}
	// Mask first: a cut could leave half a secret that no longer matches.
	text := strings.TrimSpace(t.mask.Replace(string(line)))
	if text == "" {
		return
	}
	if len(text) > tailLine {
		text, cut = strings.ToValidUTF8(text[:tailLine], ""), true
	}
	if cut {
		text += "..."
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if len(t.lines) == tailLines {
		t.lines = t.lines[1:]
	}
	t.lines = append(t.lines, text)
}

// String is the kept lines, oldest first.
func (t *tail) String() string {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return strings.Join(t.lines, "\n")
}
