package provider

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// TestAccGuides runs the commands of the guides and plans their configurations, as
// they stand there, with the real programs. What they name below the directories
// of guideRoots lies in a directory of the test. No guest is opened.
func TestAccGuides(t *testing.T) {
	requireTerraform(t)
	examples := exampleTexts(t)
	for _, page := range guidePages(t) {
		blocks := runBlocks(t, page, examples)
		if len(blocks) == 0 {
			continue
		}
		t.Run(strings.TrimSuffix(filepath.Base(page), ".md"), func(t *testing.T) {
			g := newGuide(t, slices.ContainsFunc(blocks, func(b guideBlock) bool { return strings.Contains(b.text, "$ virsh ") }))
			for _, block := range blocks {
				var err error
				if block.language == "terraform" {
					err = g.plan(block)
				} else {
					err = g.console(block)
				}
				if err != nil {
					t.Fatalf("%s:%d: %v", page, block.line, err)
				}
			}
		})
	}
}

// guideRoots are the directories of which the guides' paths are.
var guideRoots = []string{"/var/lib/libvirt/images", "/data", "/srv"}

// guide is where the blocks of one guide run, one after the other.
type guide struct {
	t           *testing.T
	root        string
	directory   string // of the configuration that the last HCL began
	directories int
	environment []string
	libvirt     *testguest.Libvirt // nil where no command needs one
}

func newGuide(t *testing.T, withLibvirt bool) *guide {
	t.Helper()
	g := &guide{t: t, root: enterableDirectory(t)}
	plugins := filepath.Join(g.root, "plugins")
	plugin := filepath.Join(plugins, registryAddress, "0.1.0", runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-hyper2kvm_v0.1.0")
	settings, programs := filepath.Join(g.root, "terraformrc"), filepath.Join(g.root, "bin")
	for _, directory := range []string{filepath.Dir(plugin), programs, g.mapped("/data/vms"), g.mapped("/var/lib/libvirt/images"), g.mapped("/srv")} {
		if err := os.MkdirAll(directory, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	mirror := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", plugins)
	if err := os.WriteFile(settings, []byte(mirror), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{plugin, filepath.Join(programs, "hyper2kvm")} {
		if err := os.Link(buildProvider(t), path); err != nil {
			t.Fatal(err)
		}
	}
	g.environment = append(os.Environ(), "LC_ALL=C", "PATH="+programs+":"+os.Getenv("PATH"), "TF_CLI_CONFIG_FILE="+settings,
		"CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_INPUT=0", "TF_CLI_ARGS_apply=-auto-approve", "TF_CLI_ARGS_destroy=-auto-approve",
		"XDG_RUNTIME_DIR="+g.root, `TF_VAR_password_hash=$6$salt$hash`, "TF_VAR_passphrase=a passphrase", "TF_VAR_token=a token")
	if withLibvirt {
		g.libvirt = startLibvirt(t)
	}
	g.enter()
	g.shell("qemu-img create -q -f vmdk " + g.mapped("/data/vms/web.vmdk") + " 8M && cp " + g.mapped("/data/vms/web.vmdk") + " " + g.mapped("/data/vms/db.vmdk"))
	g.give()
	return g
}

// mapped is a text with the paths of the test.
func (g *guide) mapped(text string) string {
	for _, root := range guideRoots {
		// A path begins with it: what lies below another directory is another path.
		text = regexp.MustCompile(`(^|[\s"'=:(])`+regexp.QuoteMeta(root)+`\b`).ReplaceAllString(text, "${1}"+g.root+root)
	}
	return text
}

// enter makes a new directory for a configuration.
func (g *guide) enter() {
	g.t.Helper()
	g.directories++
	g.directory = filepath.Join(g.root, "configurations", strconv.Itoa(g.directories))
	if err := os.MkdirAll(g.directory, 0o755); err != nil {
		g.t.Fatal(err)
	}
}

// give gives all files to the user of libvirtd, by whom the commands run then.
func (g *guide) give() {
	g.t.Helper()
	if g.libvirt == nil {
		return
	}
	err := filepath.WalkDir(g.root, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return g.libvirt.Give(path)
	})
	if err != nil {
		g.t.Fatal(err)
	}
}

// try runs a script.
func (g *guide) try(script string) (string, error) {
	cmd := exec.CommandContext(g.t.Context(), "bash", "-c", script)
	if g.libvirt != nil {
		g.give()
		var err error
		if cmd, err = g.libvirt.Command(g.t.Context(), "bash", "-c", script); err != nil {
			return "", err
		}
	}
	// What is libvirt's own comes last, and counts.
	cmd.Env, cmd.Dir = append(slices.Clone(g.environment), slices.DeleteFunc(cmd.Env, func(entry string) bool { return strings.HasPrefix(entry, "PATH=") })...), g.directory
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (g *guide) shell(script string) {
	g.t.Helper()
	if out, err := g.try(script); err != nil {
		g.t.Fatalf("%s: %v\n%s", script, err, out)
	}
}

const guideRequirements = `terraform {
  required_providers {
    hyper2kvm = { source = "hyper2kvm/hyper2kvm" }
  }
}
`

// plan plans a configuration. HCL that is added goes beside that of the block
// before it.
func (g *guide) plan(block guideBlock) error {
	name := "main.tf"
	if block.note == noteAdded {
		name = fmt.Sprintf("line%d.tf", block.line)
	} else {
		g.enter()
	}
	files := map[string]string{name: g.mapped(block.text)}
	if name == "main.tf" && !strings.Contains(block.text, "required_providers") {
		files["versions.tf"] = guideRequirements
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(g.directory, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	if out, err := g.try("terraform init -no-color && terraform plan -no-color"); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

// guideCommand is a command with what it prints.
type guideCommand struct {
	text string
	code int // the exit code
	said []string
}

var guideExits = regexp.MustCompile(`# exits with (\d+)$`)

// guideCommands are the commands of a block: what follows $ and the lines that a
// backslash joins to it.
func guideCommands(text string) ([]guideCommand, error) {
	var commands []guideCommand
	joined := false
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		command, begins := strings.CutPrefix(line, "$ ")
		last := len(commands) - 1
		switch {
		case begins:
			commands = append(commands, guideCommand{text: command})
		case last < 0:
			return nil, fmt.Errorf("no command prints %q", line)
		case joined:
			commands[last].text += "\n" + line
		default:
			commands[last].said = append(commands[last].said, line)
			continue
		}
		joined = strings.HasSuffix(line, `\`)
	}
	for n, command := range commands {
		if exits := guideExits.FindStringSubmatch(command.text); exits != nil {
			commands[n].code, _ = strconv.Atoi(exits[1])
		}
	}
	return commands, nil
}

// console runs commands and compares what they print.
func (g *guide) console(block guideBlock) error {
	commands, err := guideCommands(g.mapped(block.text))
	if err != nil {
		return err
	}
	for _, command := range commands {
		// The page shows a file that the reader is to make.
		if name, shows := strings.CutPrefix(command.text, "cat "); shows && len(command.said) > 0 && !filepath.IsAbs(name) {
			path := filepath.Join(g.directory, name)
			if _, err := os.Stat(path); os.IsNotExist(err) {
				if err := os.WriteFile(path, []byte(strings.Join(command.said, "\n")+"\n"), 0o644); err != nil {
					return err
				}
				continue
			}
		}
		out, err := g.try(command.text)
		code := 0
		if failed, ok := err.(*exec.ExitError); ok && g.t.Context().Err() == nil { //nolint:errorlint // as exec returns it
			code, err = failed.ExitCode(), nil
		}
		if err != nil {
			return err
		}
		if code != command.code {
			return fmt.Errorf("%s: exit code %d, want %d\n%s", command.text, code, command.code, out)
		}
		if missing := notSaid(out, command.said); missing != "" {
			return fmt.Errorf("%s: it does not print %q, or not after what comes before it, but\n%s", command.text, missing, out)
		}
	}
	return nil
}

var (
	colours = regexp.MustCompile("\x1b\\[[0-9;]*m")
	blanks  = regexp.MustCompile(`\s+`)
)

// notSaid is the first of some lines that a text does not have after those before
// it; `...` stands for anything, and blanks and line breaks do not count.
func notSaid(text string, lines []string) string {
	flat := func(text string) string {
		text = strings.NewReplacer("╷", "", "│", "", "╵", "").Replace(colours.ReplaceAllString(text, ""))
		return blanks.ReplaceAllString(strings.TrimSpace(text), " ")
	}
	rest := flat(text)
	for _, line := range lines {
		for part := range strings.SplitSeq(line, "...") {
			_, after, found := strings.Cut(rest, flat(part))
			if !found {
				return line
			}
			rest = after
		}
	}
	return ""
}

func TestGuideCommands(t *testing.T) {
	t.Parallel()
	commands, err := guideCommands("$ a \\\n  b # exits with 3\nsaid\n$ c\n")
	if err != nil || len(commands) != 2 || commands[0].code != 3 || commands[0].text != "a \\\n  b # exits with 3" || !slices.Equal(commands[0].said, []string{"said"}) {
		t.Errorf("%+v, %v", commands, err)
	}
	if _, err := guideCommands("said\n$ c\n"); err == nil {
		t.Error("a line of no command is taken")
	}
	for lines, want := range map[string]string{"b  c": "", "a...d": "", "b\na": "a", "x": "x"} {
		if got := notSaid("a \x1b[1mb\x1b[0m\n│ c\nd", strings.Split(lines, "\n")); got != want {
			t.Errorf("%q is said to lack %q", lines, got)
		}
	}
}
