package provider

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// TestConcernsGuide holds the table of the guide, which ends it, to the kinds of
// concerns. With -update it is written anew.
func TestConcernsGuide(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "templates", "guides", "concerns.md.tmpl")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const heading = "## The Ids\n\n"
	before, table, found := strings.Cut(string(text), heading)
	if !found {
		t.Fatalf("%s has no heading %q", path, heading)
	}
	want := "| id | category | label |\n|---|---|---|\n"
	for _, kind := range report.ConcernKinds {
		want += fmt.Sprintf("| `%s` | `%s` | %s |\n", kind.ID, kind.Category, kind.Label)
	}
	if *update {
		if err := os.WriteFile(path, []byte(before+heading+want), 0o644); err != nil {
			t.Fatal(err)
		}
		table = want
	}
	if diff := cmp.Diff(want, table); diff != "" {
		t.Errorf("the table is not that of the kinds of concerns; run the test with -update (-want +got):\n%s", diff)
	}
}
