package provider

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

// TestReadmeSnippet plans the first snippet of the README as it stands.
func TestReadmeSnippet(t *testing.T) {
	t.Parallel()
	_, rest, _ := strings.Cut(readText(t, "../../README.md"), "```hcl\n")
	snippet, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("README.md has no HCL")
	}
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := newCLI(t, executable, map[string]string{"main.tf": snippet})
	wantText(t, c.run("plan", "-no-color", "-input=false"),
		"hyper2kvm_migration.web will be created", "Plan: 1 to add", `+ image = "/var/lib/libvirt/images/web.qcow2"`)
}

// TestReadmeManifest reads the manifest of the README as the command does.
func TestReadmeManifest(t *testing.T) {
	t.Parallel()
	_, rest, _ := strings.Cut(readText(t, "../../README.md"), "$ cat migration.json\n")
	text, _, _ := strings.Cut(rest, "$ ")
	m, err := manifest.Decode(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if stages := m.EnabledStages(); len(stages) != 5 {
		t.Errorf("it runs %q", stages)
	}
}

// TestReadmeNamesTheGoVersion holds the README to go.mod.
func TestReadmeNamesTheGoVersion(t *testing.T) {
	t.Parallel()
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(readText(t, "../../go.mod"))
	if version == nil {
		t.Fatal("go.mod names no version of Go")
	}
	wantText(t, readText(t, "../../README.md"), "Go "+version[1]+" or later")
}

func TestGuidesAreLinked(t *testing.T) {
	t.Parallel()
	guides, err := filepath.Glob("../../templates/guides/*.md.tmpl")
	if err != nil || len(guides) == 0 {
		t.Fatalf("there are no guides (%v)", err)
	}
	for _, guide := range guides {
		page := "guides/" + strings.TrimSuffix(filepath.Base(guide), ".tmpl") + ")"
		wantText(t, readText(t, "../../README.md"), "(docs/"+page)
		wantText(t, readText(t, "../../docs/index.md"), "("+page)
	}
}
