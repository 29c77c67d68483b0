// Package internal holds the map of rooms, README.md, to the code.
package internal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/hyper2kvm/terraform-provider-hyper2kvm/internal"

var (
	heading = regexp.MustCompile(`^##+ (.+)$`)
	row     = regexp.MustCompile("^\\| `([^`]+)` \\|[^|]+\\|([^|]*)\\|?$")
	quote   = regexp.MustCompile("`([^`]+)`")
)

// room is a row of the map.
type room struct {
	name, section string
	imports       []string
}

// readMap returns the rooms in their order, and the other modules.
func readMap(t *testing.T) (rooms []room, modules []string) {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	section := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if match := heading.FindStringSubmatch(line); match != nil {
			section = match[1]
		}
		match := row.FindStringSubmatch(line)
		switch {
		case match == nil:
		case section == "Other modules":
			modules = append(modules, match[1])
		default:
			r := room{name: match[1], section: section}
			for _, imported := range quote.FindAllStringSubmatch(match[2], -1) {
				r.imports = append(r.imports, imported[1])
			}
			rooms = append(rooms, r)
		}
	}
	return rooms, modules
}

// packages returns what the production files of each package under internal
// import of the others, whatever system and build tags they are for.
func packages(t *testing.T) map[string][]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-e", "-json=Dir,GoFiles,CgoFiles,IgnoredGoFiles", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var listed struct {
			Dir                               string
			GoFiles, CgoFiles, IgnoredGoFiles []string
		}
		if err := decoder.Decode(&listed); errors.Is(err, io.EOF) {
			return found
		} else if err != nil {
			t.Fatal(err)
		}
		relative, err := filepath.Rel(here, listed.Dir)
		if err != nil {
			t.Fatal(err)
		}
		if relative == "." {
			continue // this test
		}
		imports := map[string]bool{}
		for _, file := range slices.Concat(listed.GoFiles, listed.CgoFiles, listed.IgnoredGoFiles) {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(listed.Dir, file), nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, spec := range parsed.Imports {
				path, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				if imported, ours := strings.CutPrefix(path, module+"/"); ours {
					imports[imported] = true
				}
			}
		}
		found[filepath.ToSlash(relative)] = slices.Sorted(maps.Keys(imports))
	}
}

func TestMapIsTrue(t *testing.T) {
	t.Parallel()
	rooms, _ := readMap(t)
	found := packages(t)
	if len(rooms) == 0 || len(found) == 0 {
		t.Fatalf("%d rooms on the map, %d packages", len(rooms), len(found))
	}
	seen := map[string]room{}
	// From the last room: what stands below is known by then.
	for _, r := range slices.Backward(rooms) {
		if _, twice := seen[r.name]; twice {
			t.Errorf("%s is on the map twice", r.name)
		}
		seen[r.name] = r
		imports, exists := found[r.name]
		if !exists {
			t.Errorf("%s is on the map and no package", r.name)
			continue
		}
		if !slices.Equal(slices.Sorted(slices.Values(r.imports)), imports) {
			t.Errorf("the map says otherwise of what %s imports; what it imports is: %s", r.name, quoted(imports))
		}
		for _, imported := range r.imports {
			below, isBelow := seen[imported]
			switch {
			case r.section == "Tests":
			case !isBelow:
				t.Errorf("%s imports %s, which does not stand below it", r.name, imported)
			case below.section == "Tests":
				t.Errorf("%s imports %s, which is for tests", r.name, imported)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if _, drawn := seen[name]; !drawn {
			t.Errorf("%s is not on the map; its row: | `%s` | what lives there | %s |", name, name, quoted(found[name]))
		}
	}
}

func quoted(names []string) string {
	var result []string
	for _, name := range names {
		result = append(result, fmt.Sprintf("`%s`", name))
	}
	return strings.Join(result, " ")
}

func TestMapHasAllModules(t *testing.T) {
	t.Parallel()
	var found []string
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Name() == "go.mod" {
			found = append(found, filepath.ToSlash(filepath.Dir(path)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, modules := readMap(t); !slices.Equal(slices.Sorted(slices.Values(modules)), slices.Sorted(slices.Values(found))) {
		t.Errorf("modules on the map: %q\nmodules there are: %q", modules, found)
	}
}
