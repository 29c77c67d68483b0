package provider

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// anything stands in a message for what differs from time to time.
const anything = "..."

var (
	formatVerb = regexp.MustCompile(`%[-+#0-9.*\[\]]*[a-zA-Z]`)
	anythings  = regexp.MustCompile(`(\.\.\.)+`)
)

// programMessages are the texts of the program with `...` for what is put in.
func programMessages(t *testing.T) []string {
	t.Helper()
	var messages []string
	files := token.NewFileSet()
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(node ast.Node) bool {
			expression, ok := node.(ast.Expr)
			if !ok {
				return true
			}
			text, whole := messageOf(expression)
			if text != "" {
				messages = append(messages, anythings.ReplaceAllString(text, anything))
			}
			return !whole
		})
		return nil
	})
	if err != nil || len(messages) == 0 {
		t.Fatalf("read %d messages: %v", len(messages), err)
	}
	return messages
}

// messageOf is the text of a literal, or of a sum with literals in it, whose other
// terms may be anything. whole says that it is one.
func messageOf(expression ast.Expr) (text string, whole bool) {
	switch e := expression.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}
		text, _ := strconv.Unquote(e.Value)
		return strings.ReplaceAll(formatVerb.ReplaceAllString(text, anything), "%%", "%"), true
	case *ast.ParenExpr:
		return messageOf(e.X)
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return "", false
		}
		left, begins := messageOf(e.X)
		right, ends := messageOf(e.Y)
		if !begins && !ends {
			return "", false
		}
		if !begins {
			left = anything
		}
		if !ends {
			right = anything
		}
		return left + right, true
	default:
		return "", false
	}
}

var quoted = regexp.MustCompile("`([^`]+)`")

// guideMessages are the messages of a page: what its tables quote in a column with
// the heading "message", which is the first.
func guideMessages(page string) []string {
	var messages []string
	table := false
	for line := range strings.Lines(page) {
		if !strings.HasPrefix(line, "|") {
			table = false
			continue
		}
		table = table || strings.HasPrefix(line, "| message |")
		first, _, _ := strings.Cut(strings.TrimPrefix(line, "|"), " |")
		for _, found := range quoted.FindAllStringSubmatch(first, -1) {
			if table {
				messages = append(messages, strings.TrimSpace(found[1]))
			}
		}
	}
	return messages
}

// TestGuidesQuoteMessages proves that the program says what the guides say it says.
func TestGuidesQuoteMessages(t *testing.T) {
	t.Parallel()
	known := programMessages(t)
	said := 0
	for _, page := range guidePages(t) {
		for _, message := range guideMessages(readText(t, page)) {
			said++
			wanted := strings.Trim(strings.TrimSuffix(strings.TrimPrefix(message, anything), anything), " ")
			if !slices.ContainsFunc(known, func(text string) bool { return strings.Contains(text, wanted) }) {
				t.Errorf("%s: nothing in the program says %q", page, message)
			}
		}
	}
	if said < 15 {
		t.Errorf("the guides quote %d messages", said)
	}
}

func TestGuideMessages(t *testing.T) {
	t.Parallel()
	page := "| message | remedy |\n|---|---|\n| `a ... b`, `c` | `d` |\n\n| name |\n|---|\n| `e` |\n"
	if got := guideMessages(page); !slices.Equal(got, []string{"a ... b", "c"}) {
		t.Errorf("the messages are %q", got)
	}
	expression, err := parser.ParseExpr(`"a %q, 5 %% of " + name + (" b" + "c")`)
	if err != nil {
		t.Fatal(err)
	}
	if text, whole := messageOf(expression); text != "a ..., 5 % of ... bc" || !whole {
		t.Errorf("the text is %q", text)
	}
}
