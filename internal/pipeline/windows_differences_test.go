package pipeline_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/unicode"
)

// lines are what a guest has, one line for each value of a hive and each file.
type lines map[string]bool

var exportedTexts = regexp.MustCompile(`=hex\(7\):([0-9a-f,]*)$`)

// hiveLines are all that hivexregedit(1) exports of a hive: its values, with their keys in
// lower case, as Windows knows no case there, and those keys that have no values.
func hiveLines(hive, export string) lines {
	found := lines{}
	at, empty := "", false
	end := func() {
		if empty {
			found[hive+at] = true
		}
	}
	for line := range strings.Lines(export) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, `[\`):
			end()
			at, empty = strings.ToLower(strings.Trim(line, "[]")), true
		case strings.HasPrefix(line, `"`), strings.HasPrefix(line, "@"):
			found[hive+at+" "+readable(line)] = true
			empty = false
		}
	}
	end()
	return found
}

// readable is a value with its texts, where hivexregedit(1) writes lists of them as bytes.
func readable(value string) string {
	match := exportedTexts.FindStringSubmatch(value)
	if match == nil {
		return value
	}
	data, err := hex.DecodeString(strings.ReplaceAll(match[1], ",", ""))
	if err != nil {
		return value
	}
	text, err := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder().Bytes(data)
	if err != nil {
		return value
	}
	list := strings.Split(strings.TrimSuffix(string(text), "\x00\x00"), "\x00")
	return strings.TrimSuffix(value, match[0]) + fmt.Sprintf("=str(7):%q", list)
}

// fileLines are files by their paths, in lower case. Two that differ have one path.
func fileLines(theirs, ours map[string][]byte) (their, our lines) {
	their, our = lines{}, lines{}
	for path := range theirs {
		their["FILE "+strings.ToLower(path)] = true
	}
	for path, data := range ours {
		path = strings.ToLower(path)
		our["FILE "+path] = true
		for other, content := range theirs {
			if strings.ToLower(other) == path && !bytes.Equal(content, data) {
				our["FILE "+path+" with another content"] = true
			}
		}
	}
	return their, our
}

// differences are the lines that one guest has and the other does not, in the order of
// the lines: what the first has begins with "- ", what the second has with "+ ".
func differences(theirs, ours lines) []string {
	var found []string
	for line := range theirs {
		if !ours[line] {
			found = append(found, "- "+line)
		}
	}
	for line := range ours {
		if !theirs[line] {
			found = append(found, "+ "+line)
		}
	}
	slices.SortFunc(found, byLine)
	return found
}

func byLine(a, b string) int {
	if order := strings.Compare(a[2:], b[2:]); order != 0 {
		return order
	}
	return strings.Compare(a, b)
}

// expectation is differences of some guests, with the reason for them.
type expectation struct {
	reason string
	guests []string
	lines  []string
}

// parseExpectations reads a list of them. Paragraphs are separated by empty lines: the
// reason, which begins at the margin, and then, indented, the guests and the differences.
// Paragraphs that begin with # are comments.
func parseExpectations(text string) ([]expectation, error) {
	var list []expectation
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		paragraph = strings.Trim(paragraph, "\n")
		if paragraph == "" || strings.HasPrefix(paragraph, "#") {
			continue
		}
		var e expectation
		for line := range strings.SplitSeq(paragraph, "\n") {
			indented, is := strings.CutPrefix(line, "    ")
			guests, names := strings.CutPrefix(indented, "guests: ")
			switch {
			case !is && len(e.guests) == 0:
				e.reason = strings.TrimSpace(e.reason + " " + line)
			case is && names && e.reason != "" && len(e.guests) == 0:
				e.guests = strings.Fields(guests)
			case is && len(e.guests) > 0 && (strings.HasPrefix(indented, "- ") || strings.HasPrefix(indented, "+ ")):
				e.lines = append(e.lines, indented)
			default:
				return nil, fmt.Errorf("%q is not expected there", line)
			}
		}
		if len(e.lines) == 0 {
			return nil, fmt.Errorf("there are no differences for the reason %q", e.reason)
		}
		list = append(list, e)
	}
	return list, nil
}

// compareExpected tells which differences of a guest are not in the list, and which of the
// list there are no more.
func compareExpected(list []expectation, guest string, found []string) (unexpected, gone []string) {
	expected := map[string]bool{}
	for _, e := range list {
		if slices.Contains(e.guests, guest) {
			for _, line := range e.lines {
				expected[line] = true
			}
		}
	}
	for _, line := range found {
		if !expected[line] {
			unexpected = append(unexpected, line)
		}
		delete(expected, line)
	}
	return unexpected, slices.SortedFunc(maps.Keys(expected), byLine)
}

func readExpectations(t *testing.T, file string) []expectation {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	list, err := parseExpectations(string(text))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return list
}

func TestHiveLines(t *testing.T) {
	t.Parallel()
	const export = `Windows Registry Editor Version 5.00

[\]

[\Select]
"Current"=dword:00000001

[\ControlSet001\Services]

[\ControlSet001\Services\Viostor]
@=str(1):"default"
"Owners"=hex(7):61,00,00,00,62,00,63,00,00,00,00,00
"ImagePath"=str(2):"system32\drivers\viostor.sys"
`
	want := lines{
		`SYSTEM\`: true, `SYSTEM\select "Current"=dword:00000001`: true, `SYSTEM\controlset001\services`: true,
		`SYSTEM\controlset001\services\viostor @=str(1):"default"`:                                true,
		`SYSTEM\controlset001\services\viostor "Owners"=str(7):["a" "bc"]`:                        true,
		`SYSTEM\controlset001\services\viostor "ImagePath"=str(2):"system32\drivers\viostor.sys"`: true,
	}
	if diff := cmp.Diff(want, hiveLines("SYSTEM", export)); diff != "" {
		t.Error(diff)
	}
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	theirs := lines{`H\a "Start"=dword:00000003`: true, `H\both "x"=dword:00000000`: true, `H\theirs`: true}
	ours := lines{`H\a "Start"=dword:00000004`: true, `H\both "x"=dword:00000000`: true}
	their, our := fileLines(map[string][]byte{"/Same": []byte("1"), "/other": []byte("1"), "/theirs/": nil}, map[string][]byte{"/same": []byte("1"), "/Other": []byte("2"), "/ours": nil})
	maps.Copy(theirs, their)
	maps.Copy(ours, our)
	found := differences(theirs, ours)
	want := []string{
		"+ FILE /other with another content", "+ FILE /ours", "- FILE /theirs/",
		`- H\a "Start"=dword:00000003`, `+ H\a "Start"=dword:00000004`, `- H\theirs`,
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
}

func TestCompareExpected(t *testing.T) {
	t.Parallel()
	list, err := parseExpectations(`# A comment
# of two lines.

It is so because
of that.
    guests: one two
    - H\a
    + H\b

Of the other alone.
    guests: two
    - H\c
`)
	if err != nil {
		t.Fatal(err)
	}
	if list[0].reason != "It is so because of that." || len(list) != 2 {
		t.Errorf("the list is %+v", list)
	}
	for name, test := range map[string]struct {
		guest                   string
		found, unexpected, gone []string
	}{
		"as expected":              {guest: "two", found: []string{`- H\a`, `+ H\b`, `- H\c`}},
		"new":                      {guest: "one", found: []string{`- H\a`, `+ H\b`, `- H\b`}, unexpected: []string{`- H\b`}},
		"gone":                     {guest: "one", found: []string{`- H\a`}, gone: []string{`+ H\b`}},
		"expected of another":      {guest: "one", found: []string{`- H\a`, `+ H\b`, `- H\c`}, unexpected: []string{`- H\c`}},
		"a guest without anything": {guest: "three", found: []string{`- H\a`}, unexpected: []string{`- H\a`}},
	} {
		unexpected, gone := compareExpected(list, test.guest, test.found)
		if diff := cmp.Diff([][]string{test.unexpected, test.gone}, [][]string{unexpected, gone}); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for _, wrong := range []string{
		"    guests: one\n    - H\\a", "A reason.", "A reason.\n    guests: one", "A reason.\n    - H\\a", "A reason.\n    guests: one\nmore", "A reason.\n    guests: one\n    H\\a",
	} {
		if list, err := parseExpectations(wrong); err == nil {
			t.Errorf("%q is taken for %+v", wrong, list)
		}
	}
}
