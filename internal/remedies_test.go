package internal

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// warns are the functions by which the engine warns. The last argument is the remedy.
var warns = []string{"Warn", "warn", "find", "tell", "note"}

// TestWarningsHaveRemedies: whoever is warned is told what to do. What is no warning but
// information may say nothing.
func TestWarningsHaveRemedies(t *testing.T) {
	t.Parallel()
	var information []string
	for _, kind := range report.ConcernKinds {
		if kind.Category == report.Information {
			information = append(information, string(kind.ID))
		}
	}
	ids := concernIDs(t)
	seen := 0
	eachCall(t, func(file string, position token.Position, call *ast.CallExpr) {
		name, ok := called(call)
		if !ok || !slices.Contains(warns, name) || len(call.Args) < 2 {
			return
		}
		at := len(call.Args) - 1
		if name == "warn" && strings.HasPrefix(file, "source/") { // its text is behind the remedy
			at = 1
		}
		seen++
		if literal, ok := call.Args[at].(*ast.BasicLit); !ok || literal.Value != `""` {
			return
		}
		if id, ok := call.Args[0].(*ast.SelectorExpr); ok && slices.Contains(information, ids[id.Sel.Name]) {
			return
		}
		t.Errorf("%s:%d: a warning without a remedy", file, position.Line)
	})
	if seen < 150 {
		t.Errorf("only %d warnings were looked at", seen)
	}
}

func called(call *ast.CallExpr) (name string, ok bool) {
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		return f.Sel.Name, true
	case *ast.Ident:
		return f.Name, true
	}
	return "", false
}

// concernIDs are the ids of kinds of concerns by the names of their constants.
func concernIDs(t *testing.T) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "report/concern.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	ast.Inspect(file, func(node ast.Node) bool {
		if spec, ok := node.(*ast.ValueSpec); ok && len(spec.Names) == 1 && len(spec.Values) == 1 {
			if literal, ok := spec.Values[0].(*ast.BasicLit); ok {
				ids[spec.Names[0].Name] = strings.Trim(literal.Value, `"`)
			}
		}
		return true
	})
	return ids
}

// eachCall visits the calls in the sources of the engine.
func eachCall(t *testing.T, visit func(file string, position token.Position, call *ast.CallExpr)) {
	t.Helper()
	set := token.NewFileSet()
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(node ast.Node) bool {
			if call, ok := node.(*ast.CallExpr); ok {
				visit(filepath.ToSlash(name), set.Position(call.Pos()), call)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
