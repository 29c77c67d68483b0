//go:build unix

package cli

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// flagship is the path of the guest that the acceptance tests migrate.
func flagship(t *testing.T) string {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("needs libguestfs and QEMU: set TF_ACC=1 or run make testacc")
	}
	recipe, err := testguest.Lookup(testguest.Flagship)
	if err != nil {
		t.Fatal(err)
	}
	path, err := testguest.Build(t.Context(), recipe)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// realCommand is this binary as the command that users get.
func realCommand(t *testing.T, manifest string, args ...string) *exec.Cmd {
	t.Helper()
	passOnSignals(t)
	path := filepath.Join(t.TempDir(), "migration.json")
	if err := os.WriteFile(path, []byte(manifest), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], append([]string{"--manifest", path}, args...)...)
	cmd.Env = append(os.Environ(), actAs+"=pipeline")
	return cmd
}

func TestAccCommandMigratesGuest(t *testing.T) {
	t.Parallel()
	source, directory := flagship(t), t.TempDir()
	out, err := realCommand(t, fmt.Sprintf(`{
		"version": "1.0",
		"metadata": {"name": "simple-migration"},
		"source": {"type": "vmdk", "path": %q},
		"output": {"directory": %q, "format": "qcow2"},
		"pipeline": {
			"inspect": {"enabled": true}, "fix": {"enabled": true},
			"convert": {"enabled": true}, "validate": {"enabled": true}
		}
	}`, source, directory)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if strings.Contains(string(out), "libguestfs: error") {
		t.Errorf("the library talks to the user behind our back:\n%s", out)
	}
	image := filepath.Join(directory, testguest.Flagship+".qcow2")
	result, err := testguest.Boot(t.Context(), testguest.BootOptions{Disks: []testguest.BootDisk{{Path: image, Format: "qcow2"}}})
	if err != nil {
		t.Fatal(err)
	}
	if result.State != testguest.StateLogin {
		t.Fatalf("the migrated guest reached %q: %s", result.State, result.Reason)
	}
}

// documentConfiguration is the configuration section of the document's
// production server.
func documentConfiguration(t *testing.T) json.RawMessage {
	t.Helper()
	text, err := os.ReadFile("../manifest/testdata/production.json")
	if err != nil {
		t.Fatal(err)
	}
	var m struct{ Configuration json.RawMessage }
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	return m.Configuration
}

// TestAccCommandDryRun is the document's dry run, with the document's
// configuration: every change with its diff, and nothing written but the report.
func TestAccCommandDryRun(t *testing.T) {
	t.Parallel()
	source, directory := flagship(t), filepath.Join(t.TempDir(), "out")
	out, err := realCommand(t, fmt.Sprintf(`{
		"version": "1.0",
		"metadata": {"name": "dry-run-test"},
		"source": {"type": "vmdk", "path": %q},
		"output": {"directory": %q},
		"pipeline": {
			"inspect": {"enabled": true, "collect_guest_info": true}, "fix": {"enabled": true},
			"convert": {"enabled": false}, "validate": {"enabled": false}
		},
		"configuration": %s,
		"options": {"dry_run": true, "verbose": 2}
	}`, source, directory, documentConfiguration(t))).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	onlyReport(t, directory)
	text, err := os.ReadFile(filepath.Join(directory, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`-/dev/sda1`, `+UUID=`, `"kernels"`, `"virtio_blk"`, `"hostname": "web01"`, `"dry_run": true`,
		`+ansible:x:1001:1001::/home/ansible:/bin/bash`, `+webserver01\n`, `+10.0.0.10\twebserver01.prod.example.com webserver01`,
		`/etc/systemd/network/10-eth0.network`, `no service \"nginx\"`, `keeps the name ens192`, `no password will match it`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the report does not have %s", want)
		}
	}
	for _, secret := range []string{"656000", "8.8.4.4", "AAAAB3NzaC1yc2E"} {
		if strings.Contains(string(text)+string(out), secret) {
			t.Errorf("the report or the output shows %s", secret)
		}
	}
}

// TestAccCommandCancelled interrupts real runs as Ctrl-C does.
func TestAccCommandCancelled(t *testing.T) {
	t.Parallel()
	source := flagship(t)
	for _, stage := range []string{report.StageInspect, report.StageFix, report.StageConvert} {
		t.Run(stage, func(t *testing.T) {
			directory := filepath.Join(t.TempDir(), "out")
			cmd := realCommand(t, fmt.Sprintf(`{
				"version": "1.0",
				"source": {"type": "vmdk", "path": %q},
				"output": {"directory": %q},
				"pipeline": {"inspect": {}, "fix": {}, "convert": {}, "validate": {}}
			}`, source, directory), "--events")
			events, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			var interrupted time.Time
			lines := bufio.NewScanner(events)
			lines.Buffer(nil, 16<<20)
			for lines.Scan() {
				var e report.Event
				if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
					t.Fatalf("%v in %.200s", err, lines.Text())
				}
				// The first progress is when the stage has begun its work.
				if e.Stage == stage && e.Type == report.EventProgress && interrupted.IsZero() {
					interrupted = time.Now()
					if err := cmd.Process.Signal(os.Interrupt); err != nil {
						t.Fatal(err)
					}
				}
			}
			err = cmd.Wait()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != ExitCancelled {
				t.Errorf("the command ended with %v, expected exit code %d", err, ExitCancelled)
			}
			if took := time.Since(interrupted); took > 15*time.Second {
				t.Errorf("it took %s from the interrupt to the end", took.Round(time.Second))
			}
			onlyReport(t, directory)
			noProcess(t, directory)
		})
	}
}

// onlyReport proves that a directory holds a report, with the record by which
// it can be deleted again, and nothing else.
func onlyReport(t *testing.T, directory string) {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name := entry.Name(); name != "report.json" && name != filepath.Base(artifact.RecordPath("report.json")) {
			t.Errorf("%s was left behind", entry.Name())
		}
	}
	if len(entries) == 0 {
		t.Error("there is no report")
	}
}

// noProcess proves that no process works on a directory any more. One that was
// killed is given a moment to disappear.
func noProcess(t *testing.T, directory string) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for {
		found := processesNaming(directory)
		if len(found) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("processes were left behind: %q", found)
			return
		}
		<-time.After(100 * time.Millisecond)
	}
}

// processesNaming lists the command lines on this host that name a path.
func processesNaming(path string) []string {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	var found []string
	for _, file := range files {
		line, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(line), path) {
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}
