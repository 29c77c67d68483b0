package internal

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// dryRun returns the commands that a target of make would run.
func dryRun(t *testing.T, target string) string {
	t.Helper()
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip("make is not installed")
	}
	// What make itself hands down would make its child silent or parallel.
	environment := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "MAKE") || strings.HasPrefix(v, "MFLAGS") })
	command := exec.Command("make", "-C", "..", "-n", "-B", target) // as on a fresh machine
	command.Env = environment
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("make -n %s: %v\n%s", target, err, out)
	}
	return string(out)
}

func TestTargetsInstallNothingUnlessAsked(t *testing.T) {
	t.Parallel()
	for target, installs := range map[string]bool{
		"dependencies": true, "release-dependencies": true, "test": true, "demo": true,
		"build": false, "install": false, "unit": false, "race": false, "testacc": false, "testacc-full": false,
		"lint": false, "tidy": false, "vulncheck": false, "generate": false, "docs-drift": false, "bench": false,
		"release": false, "release-snapshot": false, "tofu": false,
	} {
		commands := dryRun(t, target)
		if got := strings.Contains(commands, "packages install") || strings.Contains(commands, "apt-get"); got != installs {
			t.Errorf("make %s: installs: %t, expected %t\n%s", target, got, installs, commands)
		}
	}
}

// TestDemoInstallsBelowBuild: a user who is not root can run it, and what is installed
// stays as it is.
func TestDemoInstallsBelowBuild(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	commands := dryRun(t, "demo")
	if at := strings.Index(commands, "command -v terraform"); at < 0 || at > strings.Index(commands, "packages install") {
		t.Errorf("make demo does not look for terraform first:\n%s", commands)
	}
	installed := 0
	for line := range strings.Lines(commands) {
		words := strings.Fields(strings.TrimRight(line, "\\; \n"))
		if len(words) < 2 || words[0] != "install" || words[1] != "-D" {
			continue
		}
		installed++
		if to := strings.Trim(words[len(words)-1], `"`); !strings.HasPrefix(to, filepath.Join(root, "build")+"/") {
			t.Errorf("make demo installs %s", to)
		}
	}
	if installed != 3 { // the provider twice, and the command
		t.Errorf("make demo installs %d files", installed)
	}
}

func TestUnitTestsNeedGoAlone(t *testing.T) {
	t.Parallel()
	commands := dryRun(t, "unit")
	for line := range strings.Lines(commands) {
		if strings.HasPrefix(line, "make") {
			continue // where it is
		}
		if !strings.Contains(line, "CGO_ENABLED=0 go test") {
			t.Errorf("make unit runs %s", line)
		}
	}
}

// TestMissingPackages runs the check on a machine where one of two packages is
// installed.
func TestMissingPackages(t *testing.T) {
	t.Parallel()
	script, err := filepath.Abs("tools/packages")
	if err != nil {
		t.Fatal(err)
	}
	programs := t.TempDir()
	for name, text := range map[string]string{
		"dpkg-query": `case "${*: -1}" in here) echo -n installed ;; *) exit 1 ;; esac`,
		"apt-get":    `echo "$@" >> "` + programs + `/asked"`,
		"sudo":       `exec "$@"`,
	} {
		if err := os.WriteFile(filepath.Join(programs, name), []byte("#!/usr/bin/env bash\n"+text+"\n"), 0o755); err != nil { //nolint:gosec // a program
			t.Fatal(err)
		}
	}
	run := func(arguments ...string) (string, error) {
		command := exec.Command(script, arguments...)
		command.Env = append(os.Environ(), "PATH="+programs+":"+os.Getenv("PATH"))
		out, err := command.CombinedOutput()
		return string(out), err
	}
	if out, err := run("check", "here"); err != nil || out != "" {
		t.Errorf("nothing is missing: %v\n%s", err, out)
	}
	out, err := run("check", "here", "gone", "lost")
	if err == nil || !strings.Contains(out, "not installed: gone lost\n") || !strings.Contains(out, "'make dependencies'") {
		t.Errorf("two are missing: %v\n%s", err, out)
	}
	asked := filepath.Join(programs, "asked")
	if text, err := os.ReadFile(asked); err == nil {
		t.Fatalf("a check installs: %s", text)
	}
	if out, err := run("install", "here", "gone"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if text, err := os.ReadFile(asked); err != nil || !strings.HasSuffix(strings.TrimSpace(string(text)), " gone") {
		t.Errorf("apt-get was asked for %q (%v)", text, err)
	}
}

// TestInstallServesBothRegistries looks for the folders in which Terraform and
// OpenTofu look for hyper2kvm/hyper2kvm by themselves.
func TestInstallServesBothRegistries(t *testing.T) {
	t.Parallel()
	commands := dryRun(t, "install")
	for _, want := range []string{
		"/.terraform.d/plugins/registry.terraform.io/hyper2kvm/hyper2kvm/0.1.0/",
		"/.terraform.d/plugins/registry.opentofu.org/hyper2kvm/hyper2kvm/0.1.0/",
	} {
		if !strings.Contains(commands, want) {
			t.Errorf("make install has no %s:\n%s", want, commands)
		}
	}
}
