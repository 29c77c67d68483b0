package fix

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/distro"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/fstab"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

var update = flag.Bool("update", false, "write what the fixes do into testdata/layouts")

// backupDirectory is where originals are kept.
const backupDirectory = "/var/lib/hyper2kvm/backup"

// layoutMachine is the file "machine" of a layout: what a session would know.
type layoutMachine struct {
	Distro, Firmware string
	Family           distro.Family
	Devices          guest.Devices
	Mounts           []guest.Mount
	Links            map[string]string // symbolic links of the guest
}

// TestLayouts runs all fixes of names over file sets as distributions have
// them. A layout is a txtar archive: "machine", "guest/PATH" for the files
// before, "want/PATH" for those that the fixes change, and "outcome" with the
// removed files and the warnings.
func TestLayouts(t *testing.T) {
	t.Parallel()
	layouts, err := filepath.Glob("testdata/layouts/*.txtar")
	if err != nil || len(layouts) == 0 {
		t.Fatalf("no layouts found: %v", err)
	}
	for _, file := range layouts {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			checkLayout(t, file)
		})
	}
}

func checkLayout(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var machine layoutMachine
	before, want, inputs := map[string]string{}, map[string]string{}, []txtar.File{}
	wantOutcome := ""
	for _, f := range archive.Files {
		data := string(f.Data)
		if strings.HasSuffix(f.Name, "/grubenv") {
			data = padGrubenv(data)
		}
		switch {
		case f.Name == "machine":
			if err := json.Unmarshal(f.Data, &machine); err != nil {
				t.Fatalf("machine: %v", err)
			}
			inputs = append(inputs, f)
		case f.Name == "outcome":
			wantOutcome = data
		case strings.HasPrefix(f.Name, "guest/"):
			before[strings.TrimPrefix(f.Name, "guest")] = data
			inputs = append(inputs, f)
		case strings.HasPrefix(f.Name, "want/"):
			want[strings.TrimPrefix(f.Name, "want")] = data
		default:
			t.Fatalf("what is %s?", f.Name)
		}
	}
	tree := guesttest.New(t, before)
	for link, target := range machine.Links {
		if err := errors.Join(tree.MkdirAll(path.Dir(link), 0o755), tree.Symlink(target, link)); err != nil {
			t.Fatal(err)
		}
	}
	target := Target{
		Editor: edittest.New(t, edit.Guest{FS: tree, Mounts: machine.Mounts}), Devices: machine.Devices,
		OS: guest.OS{Type: "linux", Distro: machine.Distro}, Firmware: machine.Firmware,
	}
	options := Options{UpdateGrub: true, FstabMode: fstab.ModeStabilizeAll}
	result, warnings, err := Run(t.Context(), target, options)
	if err != nil {
		t.Fatalf("Run: %v", err)
	}
	if result.Family != string(machine.Family) {
		t.Errorf("family = %q, want %q", result.Family, machine.Family)
	}

	after := guesttest.Files(t, tree, backupDirectory)
	changed := map[string]string{}
	var events strings.Builder
	for _, name := range sortedKeys(before) {
		switch text, ok := after[name]; {
		case !ok:
			events.WriteString("removed " + name + "\n")
		case text != before[name]:
			changed[name] = text
		}
	}
	for name, text := range after {
		if _, ok := before[name]; !ok {
			changed[name] = text
		}
	}
	for _, w := range warnings {
		events.WriteString("warning " + w.Message + "\n")
	}
	outcome := events.String()
	if *update {
		writeLayout(t, file, archive.Comment, inputs, changed, outcome)
		return
	}
	if diff := cmp.Diff(want, changed); diff != "" {
		t.Errorf("changed files (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantOutcome, outcome); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
	checkReported(t, result, changed)
	for name := range changed {
		if text, ok := before[name]; ok {
			backup, err := tree.ReadFile(backupDirectory + name)
			if err != nil || string(backup) != text {
				t.Errorf("backup of %s: %v, or it is not the original", name, err)
			}
		}
	}

	target.Editor = edittest.New(t, edit.Guest{FS: tree, Mounts: machine.Mounts})
	again, _, err := Run(t.Context(), target, options)
	if err != nil || !again.Unchanged || len(again.Changes) != 0 || again.BackupDirectory != "" {
		t.Errorf("second run: unchanged = %v, changes = %v, error = %v", again.Unchanged, again.Changes, err)
	}
	if diff := cmp.Diff(after, guesttest.Files(t, tree, backupDirectory)); diff != "" {
		t.Errorf("second run changed files:\n%s", diff)
	}
}

// checkReported wants a change reported for every changed file.
func checkReported(t *testing.T, result report.FixResult, changed map[string]string) {
	t.Helper()
	for name := range changed {
		if !slices.ContainsFunc(result.Changes, func(c report.Change) bool { return path.Base(c.Path) == path.Base(name) }) {
			t.Errorf("%s changed and is not in the result", name)
		}
	}
	if result.Unchanged != (len(result.Changes) == 0) {
		t.Errorf("unchanged = %v with %d changes", result.Unchanged, len(result.Changes))
	}
}

// padGrubenv fills an environment block, so that layouts need not.
func padGrubenv(text string) string {
	if rest := len(text) % conf.GrubEnvironmentBlock; rest != 0 {
		text += strings.Repeat("#", conf.GrubEnvironmentBlock-rest)
	}
	return text
}

func writeLayout(t *testing.T, file string, comment []byte, inputs []txtar.File, changed map[string]string, outcome string) {
	archive := &txtar.Archive{Comment: comment, Files: inputs}
	for _, name := range sortedKeys(changed) {
		text := changed[name]
		if path.Base(name) == "grubenv" {
			text = strings.TrimRight(text, "#")
		}
		archive.Files = append(archive.Files, txtar.File{Name: "want" + name, Data: []byte(text)})
	}
	if outcome != "" {
		archive.Files = append(archive.Files, txtar.File{Name: "outcome", Data: []byte(outcome)})
	}
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

func sortedKeys(m map[string]string) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
