package provider

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// guideBlock is a fenced block of a guide.
type guideBlock struct {
	line     int // of its fence
	language string
	text     string
	// note is what a comment right before it says to the tests, such as
	// `<!-- test: not run: there is no Vault -->`.
	note string
}

const (
	// noteNotRun begins the reason for which a block is not run.
	noteNotRun = "not run: "
	// noteAdded is for HCL that belongs to that of the block before it.
	noteAdded = "added"
)

var (
	guideFence = regexp.MustCompile("^( *)```([a-z]*)$")
	guideNote  = regexp.MustCompile(`^ *<!-- test: (.+) -->$`)
)

// readGuide returns the blocks of a page.
func readGuide(t *testing.T, path string) []guideBlock {
	t.Helper()
	var blocks []guideBlock
	var block *guideBlock
	note, indent := "", ""
	for n, line := range strings.Split(readText(t, path), "\n") {
		fence := guideFence.FindStringSubmatch(line)
		switch said := guideNote.FindStringSubmatch(line); {
		case block == nil && fence != nil:
			block, indent = &guideBlock{line: n + 1, language: fence[2], note: note}, fence[1]
		case block == nil && said != nil:
			note = said[1]
		case block == nil && line != "":
			note = ""
		case block != nil && fence != nil:
			blocks = append(blocks, *block)
			block, note = nil, ""
		case block != nil:
			block.text += strings.TrimPrefix(line, indent) + "\n"
		}
	}
	if block != nil {
		t.Fatalf("%s:%d: the block has no end", path, block.line)
	}
	return blocks
}

// guidePages are the pages whose blocks are looked at.
func guidePages(t *testing.T) []string {
	t.Helper()
	pages, err := filepath.Glob("../../docs/guides/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("there are no guides (%v)", err)
	}
	return append(pages, "../../docs/index.md")
}

// exampleTexts are all files of the examples, which have tests of their own.
func exampleTexts(t *testing.T) []string {
	t.Helper()
	var texts []string
	err := filepath.WalkDir("../../examples", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		texts = append(texts, strings.TrimSpace(string(text)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// runBlocks are the blocks of a page that are run: all but those of an example and
// those that say why not.
func runBlocks(t *testing.T, page string, examples []string) []guideBlock {
	t.Helper()
	return slices.DeleteFunc(readGuide(t, page), func(b guideBlock) bool {
		return slices.Contains(examples, strings.TrimSpace(b.text)) || strings.HasPrefix(b.note, noteNotRun)
	})
}

// TestGuideBlocks holds every block of the guides to something that tests it:
// TestAccGuides, a file of the examples, or a reason why not.
func TestGuideBlocks(t *testing.T) {
	t.Parallel()
	examples := exampleTexts(t)
	seen := 0
	for _, page := range guidePages(t) {
		for _, block := range readGuide(t, page) {
			seen++
			switch reason, notRun := strings.CutPrefix(block.note, noteNotRun); {
			case notRun && len(reason) < len("it needs"):
				t.Errorf("%s:%d: %q is no reason for not running it", page, block.line, reason)
			case block.note != "" && block.note != noteAdded && !notRun:
				t.Errorf("%s:%d: the note %q means nothing", page, block.line, block.note)
			}
		}
		for _, block := range runBlocks(t, page, examples) {
			if block.language != "terraform" && block.language != "console" {
				t.Errorf("%s:%d: a block of %q is the text of an example, or says why it is not run", page, block.line, block.language)
			}
		}
	}
	if seen < 14 {
		t.Errorf("only %d blocks were found", seen)
	}
}

func TestReadGuide(t *testing.T) {
	t.Parallel()
	page := filepath.Join(t.TempDir(), "page.md")
	text := "# Page\n\n<!-- test: added -->\n```terraform\na = 1\n```\n\n<!-- test: of something else -->\ntext\n\n1. Run\n\n   ```console\n   $ ls\n     x\n   ```\n"
	if err := os.WriteFile(page, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	want := []guideBlock{
		{line: 4, language: "terraform", text: "a = 1\n", note: noteAdded},
		{line: 13, language: "console", text: "$ ls\n  x\n"},
	}
	if got := readGuide(t, page); !slices.Equal(got, want) {
		t.Errorf("read %+v", got)
	}
}
