package conf

import (
	"slices"
	"strings"
)

// MdadmLine is a line of mdadm.conf(5) with those that go on with it, which begin
// with a blank.
type MdadmLine struct {
	Lines []int // of those that have words, from 0
	Words []string
}

// Keyword is the first word in upper case. mdadm needs no more than its first
// three letters.
func (l MdadmLine) Keyword() string { return strings.ToUpper(l.Words[0]) }

// Is reports whether the line has the keyword.
func (l MdadmLine) Is(keyword string) bool {
	word := l.Keyword()
	return len(word) >= 3 && len(word) <= len(keyword) && keyword[:len(word)] == word
}

// MdadmLines reads mdadm.conf.
func MdadmLines(text string) []MdadmLine {
	var all []MdadmLine
	for i, line := range strings.SplitAfter(text, "\n") {
		words := MdadmWords(line)
		switch {
		case len(words) == 0:
		case (line[0] == ' ' || line[0] == '\t') && len(all) > 0:
			last := &all[len(all)-1]
			last.Lines, last.Words = append(last.Lines, i), append(last.Words, words...)
		default:
			all = append(all, MdadmLine{Lines: []int{i}, Words: words})
		}
	}
	return all
}

// MdadmWords are the words of a line before its comment.
func MdadmWords(line string) []string {
	words := strings.Fields(line)
	if i := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, "#") }); i >= 0 {
		words = words[:i]
	}
	return words
}

// MdadmEntries are the words of each line after its keyword, and the line's end.
func MdadmEntries(text string) ([]Entry, error) {
	var entries []Entry
	for _, line := range MdadmLines(text) {
		for _, word := range line.Words[1:] {
			entries = append(entries, Entry{Key: line.Keyword(), Value: word})
		}
		entries = append(entries, Entry{Key: line.Keyword() + " ends"})
	}
	return entries, nil
}
