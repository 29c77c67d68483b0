package internal

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// engine returns the files of the module that are no tests, by their paths.
func engine(t *testing.T) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		files[path] = file
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 100 {
		t.Fatalf("only %d files were found", len(files))
	}
	return files
}

// concernName is the name of an id of a concern; ConcernID and ConcernKinds are no ids.
var concernName = regexp.MustCompile(`^Concern[A-Z]`)

var notIDs = []string{"ConcernID", "ConcernKind", "ConcernKinds", "ConcernOf"}

// TestEveryConcernIsUsed: code of the engine finds each kind of concern, so that a
// policy which names one does not wait for nothing.
func TestEveryConcernIsUsed(t *testing.T) {
	t.Parallel()
	declared, used := map[string]bool{}, map[string]bool{}
	for path, file := range engine(t) {
		ast.Inspect(file, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.ValueSpec:
				if kind, ok := n.Type.(*ast.Ident); ok && kind.Name == "ConcernID" {
					for _, name := range n.Names {
						declared[name.Name] = true
					}
				}
			case *ast.SelectorExpr:
				if concernName.MatchString(n.Sel.Name) && !slices.Contains(notIDs, n.Sel.Name) && path != filepath.Join("report", "concern.go") {
					used[n.Sel.Name] = true
				}
			}
			return true
		})
	}
	for name := range declared {
		if !used[name] {
			t.Errorf("nothing finds %s", name)
		}
	}
	for name := range used {
		if !declared[name] {
			t.Errorf("%s is no id", name)
		}
	}
	if len(declared) < 50 {
		t.Errorf("only %d ids were found", len(declared))
	}
}

// TestEveryWarningHasAnID: whatever makes a warning gives it an id of the table. The
// compiler sees to the type of ids; here none is left out and none is a mere text.
func TestEveryWarningHasAnID(t *testing.T) {
	t.Parallel()
	files := engine(t)
	takers := map[string]int{} // the place of the id among a function's parameters, by package and name
	for path, file := range files {
		for name, at := range takeIDs(file) {
			takers[filepath.Dir(path)+"."+name] = at
			if ast.IsExported(name) {
				takers["."+name] = at
			}
		}
	}
	literals, calls := 0, 0
	for path, file := range files {
		ast.Inspect(file, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.CallExpr:
				name := lastName(n.Fun)
				at, takes := takers[filepath.Dir(path)+"."+name]
				if _, selected := n.Fun.(*ast.SelectorExpr); !takes && selected {
					at, takes = takers["."+name]
				}
				if takes && at < len(n.Args) {
					calls++
					if isText(n.Args[at]) {
						t.Errorf("%s: %s is called with a text for the id of a concern", path, name)
					}
				}
			case *ast.CompositeLit:
				for _, warning := range warningsIn(n) {
					literals++
					if id := valueOf(warning, "ID"); id == nil || isText(id) {
						t.Errorf("%s: a %s has no id of the table of concerns", path, lastName(n.Type))
					}
				}
			}
			return true
		})
	}
	if calls < 100 || literals < 15 {
		t.Errorf("only %d calls and %d literals were found", calls, literals)
	}
}

// takeIDs are the functions of a file that have the id of a concern for a parameter,
// with its place.
func takeIDs(file *ast.File) map[string]int {
	takers := map[string]int{}
	add := func(name string, signature *ast.FuncType) {
		at := 0
		for _, field := range signature.Params.List {
			if lastName(field.Type) == "ConcernID" {
				takers[name] = at
			}
			at += max(1, len(field.Names))
		}
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.FuncDecl:
			add(n.Name.Name, n.Type)
		case *ast.AssignStmt:
			if literal, ok := n.Rhs[0].(*ast.FuncLit); ok {
				add(lastName(n.Lhs[0]), literal.Type)
			}
		}
		return true
	})
	return takers
}

// warningsIn are the warnings and notes that a literal makes.
func warningsIn(literal *ast.CompositeLit) []*ast.CompositeLit {
	isWarning := func(e ast.Expr) bool { return lastName(e) == "Warning" || lastName(e) == "Note" }
	if isWarning(literal.Type) {
		return []*ast.CompositeLit{literal}
	}
	var warnings []*ast.CompositeLit
	if list, ok := literal.Type.(*ast.ArrayType); ok && isWarning(list.Elt) {
		for _, element := range literal.Elts {
			if warning, ok := element.(*ast.CompositeLit); ok && warning.Type == nil {
				warnings = append(warnings, warning)
			}
		}
	}
	return warnings
}

func valueOf(literal *ast.CompositeLit, key string) ast.Expr {
	for _, element := range literal.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok && lastName(pair.Key) == key {
			return pair.Value
		}
	}
	return nil
}

// isText reports whether an expression is a text, or an id that is made of one.
func isText(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return true
	case *ast.CallExpr:
		return lastName(e.Fun) == "ConcernID"
	}
	return false
}

// lastName is the last name of an expression: Warn of e.Warn.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}
