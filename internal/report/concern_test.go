package report

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"testing"
)

// TestEveryConcernHasAKind holds the table to the constants: each id occurs once, is
// of the form that policies match, and has a label.
func TestEveryConcernHasAKind(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "concern.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	declared := map[ConcernID]bool{}
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "ConcernID" {
			value, ok := spec.Values[0].(*ast.BasicLit)
			if !ok {
				t.Fatalf("%s has no literal value", spec.Names[0].Name)
			}
			id, err := strconv.Unquote(value.Value)
			if err != nil {
				t.Fatal(err)
			}
			declared[ConcernID(id)] = true
		}
		return true
	})
	form := regexp.MustCompile(`^[a-z]+(\.[a-zA-Z_]+)+$`)
	seen := map[ConcernID]bool{}
	for _, kind := range ConcernKinds {
		if seen[kind.ID] || !declared[kind.ID] || !form.MatchString(string(kind.ID)) || kind.Label == "" {
			t.Errorf("%+v", kind)
		}
		if kind.Category != Critical && kind.Category != Warned && kind.Category != Information {
			t.Errorf("%s has the category %q", kind.ID, kind.Category)
		}
		seen[kind.ID] = true
	}
	for id := range declared {
		if !seen[id] {
			t.Errorf("%s has no kind", id)
		}
	}
}

func TestAddConcern(t *testing.T) {
	t.Parallel()
	r := New()
	if category := r.AddConcern(StageLoadManifest, ConcernTPM, "it has a TPM", "export its keys"); category != Warned {
		t.Errorf("category %s", category)
	}
	r.AddConcern(StageFix, ConcernUSB, "something", "")
	want := []Concern{
		{ConcernTPM, Warned, "TPM, whose keys stay behind", "it has a TPM", "export its keys", StageLoadManifest},
		{ConcernUSB, Information, "USB controller", "something", "", StageFix},
	}
	if len(r.Concerns) != 2 || r.Concerns[0] != want[0] || r.Concerns[1] != want[1] {
		t.Errorf("concerns %+v", r.Concerns)
	}
}
