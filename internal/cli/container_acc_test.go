//go:build linux

package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// instruction is one of a Containerfile: RUN and a command, for example.
type instruction struct{ name, text string }

// readContainerfile reads the project's, with the version in the place of its argument.
func readContainerfile(t *testing.T, version string) (all []instruction) {
	t.Helper()
	text, err := os.ReadFile("../../Containerfile")
	if err != nil {
		t.Fatal(err)
	}
	continued := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if begin, more := strings.CutSuffix(line, "\\"); more {
			continued += begin
			continue
		}
		name, rest, _ := strings.Cut(continued+line, " ")
		all = append(all, instruction{name, strings.ReplaceAll(rest, "${VERSION}", version)})
		continued = ""
	}
	return all
}

// only returns the texts of the instructions of that name.
func only(all []instruction, name string) (texts []string) {
	for _, one := range all {
		if one.name == name {
			texts = append(texts, one.text)
		}
	}
	return texts
}

var installed = regexp.MustCompile(`apt-get install [^&]*--no-install-recommends +([^&]+)&&`)

// containerPackages are those that the image installs.
func containerPackages(t *testing.T, all []instruction) []string {
	t.Helper()
	for _, command := range only(all, "RUN") {
		if found := installed.FindStringSubmatch(command); found != nil {
			return strings.Fields(found[1])
		}
	}
	t.Fatal("the Containerfile installs no packages")
	return nil
}

// TestContainerfileHasAllPackages compares the image with the list of what a migration
// needs.
func TestContainerfileHasAllPackages(t *testing.T) {
	t.Parallel()
	got := containerPackages(t, readContainerfile(t, "0"))
	for _, want := range agentPackages(t) {
		if !slices.Contains(got, want) {
			t.Errorf("it does not install %s", want)
		}
	}
}

// newContainer makes the root of the image as the Containerfile says, without an
// engine of containers, and returns what is set in its environment.
func newContainer(t *testing.T, version string) (a agent, environment []string) {
	t.Helper()
	all := readContainerfile(t, version)
	tar, err := testguest.HostRoot(t.Context(), testguest.Bookworm, containerPackages(t, all))
	if err != nil {
		t.Fatal(err)
	}
	a = agent{filepath.Join(t.TempDir(), "root")}
	if err := os.Mkdir(a.root, 0o755); err != nil {
		t.Fatal(err)
	}
	a.prepare(t, "tar", "-xf", tar, "-C", a.root)
	for _, one := range all {
		switch one.name {
		case "RUN":
			if !installed.MatchString(one.text) {
				a.prepare(t, "unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "--propagation", "private", "sh", "-c",
					`mount -t proc proc "$1/proc" && exec chroot "$1" sh -c "$2"`, "sh", a.root, one.text)
			}
		case "COPY":
			words := strings.Fields(one.text)
			if len(words) != 2 || filepath.Base(words[0]) != "terraform-provider-hyper2kvm_v"+version {
				t.Fatalf("nothing is known of COPY %s", one.text)
			}
			a.prepare(t, "../tools/build-program", filepath.Join(a.root, words[1]), version)
		case "ENV":
			environment = append(environment, strings.Fields(one.text)...)
		case "WORKDIR":
			a.prepare(t, "install", "-d", "-o", "1000", filepath.Join(a.root, one.text))
		case "ARG", "FROM", "USER":
		default:
			t.Fatalf("nothing is known of the instruction %s", one.name)
		}
	}
	if users := only(all, "USER"); users[len(users)-1] != "1000:0" {
		t.Errorf("the image runs as %q", users)
	}
	return a, environment
}

// contained runs a program in the image as agents do that trust nobody: as the user
// 1000, without a network, with a root that is read-only, 32 MiB in /tmp, as much in
// /var/tmp, where QEMU keeps what the appliance writes to its disk, and /work.
func (a agent) contained(t *testing.T, environment []string, words ...string) string {
	t.Helper()
	const script = `set -e
R=$1; shift
mount --bind "$R" "$R"
mount -t proc proc "$R/proc"
mount -t tmpfs -o size=32m,mode=1777 tmpfs "$R/tmp"
mount -t tmpfs -o size=32m,mode=1777 tmpfs "$R/var/tmp"
mount --bind "$R/work" "$R/work"
mount -o remount,ro,bind "$R"
exec chroot --userspec=1000:0 --groups= "$R" /usr/bin/env -i --chdir=/work PATH=/usr/local/bin:/usr/bin:/bin CHECKPOINT_DISABLE=1 "$@"`
	arguments := []string{"--mount", "--pid", "--net", "--ipc", "--fork", "--kill-child", "--propagation", "private", "sh", "-c", script, "sh", a.root}
	out, err := exec.CommandContext(t.Context(), "unshare", slices.Concat(arguments, environment, words)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(words, " "), err, out)
	}
	return string(out)
}

const containerConfiguration = `
terraform {
  required_providers {
    hyper2kvm = { source = "hyper2kvm/hyper2kvm" }
  }
}
resource "hyper2kvm_migration" "web" {
  source = { type = "vmdk", path = "/work/web.vmdk" }
  output = { directory = "/work/images" }
}
`

// TestAccContainer applies in the image for agents, with all stages.
func TestAccContainer(t *testing.T) {
	requireFullMatrix(t)
	terraform, err := exec.LookPath("terraform")
	if err != nil {
		t.Skip("needs the terraform program")
	}
	a, environment := newContainer(t, "0.1.0")
	work := filepath.Join(a.root, "work")
	programs := map[string]string{"terraform": terraform}
	if tofu, err := filepath.Abs("../../build/tofu"); err == nil {
		if _, err := os.Stat(tofu); err == nil {
			programs["tofu"] = tofu
		}
	}
	for name, path := range programs {
		a.prepare(t, "install", "-m", "0755", path, filepath.Join(a.root, "usr/local/bin", name))
	}
	a.prepare(t, "cp", "--sparse=always", flagship(t), filepath.Join(work, "web.vmdk"))
	// Each in a directory of its own: they lock different registries.
	for name := range programs {
		configuration := filepath.Join(work, name, "main.tf")
		if err := os.Mkdir(filepath.Dir(configuration), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(configuration, []byte(containerConfiguration), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	a.prepare(t, "chown", "-R", "1000:0", work)
	for name := range programs {
		a.contained(t, environment, name, "-chdir="+name, "init", "-no-color")
	}
	started := time.Now()
	out := a.contained(t, environment, "terraform", "-chdir=terraform", "apply", "-auto-approve", "-no-color")
	t.Logf("the apply took %.1f s", time.Since(started).Seconds())
	said, err := report.Read(filepath.Join(work, "images", "report.json"))
	if err != nil || !said.Pipeline.Success {
		t.Fatalf("the report: %v\n%s", err, out)
	}
	for _, stage := range said.Pipeline.Stages {
		t.Logf("%s: %.1f s", stage.Name, stage.Duration)
	}
	entries, err := os.ReadDir(filepath.Join(a.root, "tmp"))
	if err != nil || len(entries) > 0 {
		t.Errorf("in /tmp of the image are %v (%v)", entries, err)
	}
}
