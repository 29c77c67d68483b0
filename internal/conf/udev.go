package conf

import (
	"fmt"
	"regexp"
	"strings"
)

// UdevToken is a match or an assignment of a rule of udev(7).
type UdevToken struct {
	Key   string // with its attribute: ATTR{address}
	Op    string
	Value string
}

var udevToken = regexp.MustCompile(`^[,\s]*([A-Za-z_]+(?:\{[^}"]*\})?)\s*(==|!=|\+=|-=|:=|=)\s*[ei]?"((?:[^"\\]|\\.)*)"`)

// ReadUdevRule reads one rule, whose lines were joined. The rest is what is no
// token any more.
func ReadUdevRule(rule string) (tokens []UdevToken, rest string) {
	for {
		m := udevToken.FindStringSubmatch(rule)
		if m == nil {
			return tokens, strings.Trim(rule, ", \t\r\n")
		}
		tokens = append(tokens, UdevToken{Key: m[1], Op: m[2], Value: m[3]})
		rule = rule[len(m[0]):]
	}
}

// UdevRule is a rule with the number of its first line, from 1.
type UdevRule struct {
	Line int
	Text string
}

// UdevRules splits a file into its rules: a backslash at the end of a line lets it
// go on.
func UdevRules(text string) []UdevRule {
	var rules []UdevRule
	number, pending := 0, ""
	first := 0
	for line := range strings.Lines(text) {
		number++
		trimmed := strings.TrimSpace(line)
		if pending == "" {
			first = number
			if trimmed == "" || trimmed[0] == '#' {
				continue
			}
		}
		if before, ok := strings.CutSuffix(trimmed, `\`); ok {
			pending += before + " "
			continue
		}
		if rule := strings.TrimSpace(pending + trimmed); rule != "" {
			rules = append(rules, UdevRule{Line: first, Text: rule})
		}
		pending = ""
	}
	if rule := strings.TrimSpace(pending); rule != "" {
		rules = append(rules, UdevRule{Line: first, Text: rule})
	}
	return rules
}

// UdevEntries are the tokens of each rule, and its end.
func UdevEntries(text string) ([]Entry, error) {
	var entries []Entry
	var err error
	for _, rule := range UdevRules(text) {
		tokens, rest := ReadUdevRule(rule.Text)
		for _, t := range tokens {
			entries = append(entries, Entry{Key: t.Key + t.Op, Value: t.Value})
		}
		if rest != "" && err == nil {
			err = fmt.Errorf("line %d is no rule: %s", rule.Line, rest)
		}
		entries = append(entries, Entry{Key: "end", Value: rest})
	}
	return entries, err
}
