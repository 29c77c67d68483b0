package internal

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// workflow is what the tests want to know of a workflow of GitHub.
type workflow struct {
	Permissions map[string]string `yaml:"permissions"`
	Jobs        map[string]struct {
		TimeoutMinutes int `yaml:"timeout-minutes"`
		Strategy       struct {
			Matrix map[string][]string `yaml:"matrix"`
		} `yaml:"strategy"`
		Steps []struct {
			Uses string `yaml:"uses"`
			Run  string `yaml:"run"`
		} `yaml:"steps"`
	} `yaml:"jobs"`
}

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func readWorkflows(t *testing.T) map[string]workflow {
	t.Helper()
	paths, err := filepath.Glob("../.github/workflows/*.yml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("found %q, %v", paths, err)
	}
	read := map[string]workflow{}
	for _, path := range paths {
		var w workflow
		readYAML(t, path, &w)
		read[filepath.Base(path)] = w
	}
	return read
}

// commands are those of all jobs, once for each value of a job's matrix.
func (w workflow) commands() []string {
	var all []string
	for _, job := range w.Jobs {
		for _, step := range job.Steps {
			name, value, varies := strings.Cut(step.Run, "${{ matrix.")
			if !varies {
				all = append(all, step.Run)
				continue
			}
			variable, rest, _ := strings.Cut(value, " }}")
			for _, one := range job.Strategy.Matrix[variable] {
				all = append(all, name+one+rest)
			}
		}
	}
	return all
}

func TestWorkflows(t *testing.T) {
	t.Parallel()
	pinned := regexp.MustCompile(`^[\w-]+/[\w-]+@(v\d+|[0-9a-f]{40})$`)
	for name, w := range readWorkflows(t) {
		if len(w.Permissions) == 0 {
			t.Errorf("%s has the permissions that the repository gives: name those it needs", name)
		}
		for job, of := range w.Jobs {
			if of.TimeoutMinutes == 0 {
				t.Errorf("%s: %s may run for six hours", name, job)
			}
			for _, step := range of.Steps {
				if step.Uses != "" && !pinned.MatchString(step.Uses) {
					t.Errorf("%s: %s uses %s, whose version is not said", name, job, step.Uses)
				}
			}
		}
		for _, command := range w.commands() {
			if target, makes := strings.CutPrefix(command, "make "); makes {
				dryRun(t, target) // fails where there is no such target
			}
		}
	}
}

// TestWorkflowsRunAllOfContinuousIntegration compares the workflows with .ci/run.
func TestWorkflowsRunAllOfContinuousIntegration(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../.ci/run")
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	for _, w := range readWorkflows(t) {
		commands = append(commands, w.commands()...)
	}
	wanted := 0
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "make ") {
			wanted++
			if !slices.Contains(commands, line) {
				t.Errorf(".ci/run has %q, and no workflow runs it", line)
			}
		}
	}
	if wanted == 0 {
		t.Error("found no command in .ci/run")
	}
}

// TestDependenciesOfAllModulesAreUpdated compares the modules with Dependabot's.
func TestDependenciesOfAllModulesAreUpdated(t *testing.T) {
	t.Parallel()
	var updates struct {
		Updates []struct {
			Ecosystem   string   `yaml:"package-ecosystem"`
			Directories []string `yaml:"directories"`
		} `yaml:"updates"`
	}
	readYAML(t, "../.github/dependabot.yml", &updates)
	makefile, err := os.ReadFile("../GNUmakefile")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^MODULES := (.+)$`).FindSubmatch(makefile)
	if line == nil {
		t.Fatal("the makefile has no modules")
	}
	var wanted []string
	names := strings.NewReplacer("$(BENCH_MODULE)", "internal/testguest/bench", "$(FLEET_MODULE)", "internal/tools/kubernetes").Replace(string(line[1]))
	for name := range strings.FieldsSeq(names) {
		wanted = append(wanted, "/"+strings.TrimPrefix(name, "."))
	}
	for _, update := range updates.Updates {
		if update.Ecosystem == "gomod" && slices.Equal(slices.Sorted(slices.Values(update.Directories)), slices.Sorted(slices.Values(wanted))) {
			return
		}
	}
	t.Errorf("no entry of gomod has the directories %q", wanted)
}
