package provider

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// slowStart is how long a program may take to start on a busy machine.
const slowStart = 2 * time.Minute

// lifeInTheLog counts the log's lines of a migration.
func lifeInTheLog(t *testing.T, executable string) {
	log := filepath.Join(t.TempDir(), "provider.log")
	l := newLife(t, executable, "", "", "TF_LOG_PROVIDER=INFO", "TF_LOG_PATH="+log)
	l.apply()
	text := readText(t, log)
	for _, stage := range []string{"load_manifest", "convert", "validate"} {
		for _, line := range []string{"Stage " + stage + " started", "Stage " + stage + " succeeded after"} {
			if count := strings.Count(text, line); count != 1 {
				t.Errorf("the log says %q %d times", line, count)
			}
		}
		if count := strings.Count(text, "Stage "+stage+" at "); count < 1 || count > 10 {
			t.Errorf("the log tells %d times how far stage %s is", count, stage)
		}
	}
	l.holds(".report.json.hyper2kvm.json", ".web.qcow2.hyper2kvm.json", "report.json", "web.qcow2")
	l.destroy()
}

func lifeOfTwoAtOnePath(t *testing.T, executable string) {
	l := newLife(t, executable, "", "count = 2")
	l.wants(false, "plan", "Two migrations have the same output path", l.image)
	// A path that is known at apply only.
	l.configure("", "")
	text := strings.Replace(readText(t, filepath.Join(l.cli.directory, "main.tf")), `filename = "web.qcow2"`,
		`filename = "${terraform_data.name.output}.qcow2"`, 1)
	text = strings.Replace(text, "  pipeline =", "  count    = 2\n  options  = { report = { path = \"report-${count.index}.json\" } }\n  pipeline =", 1)
	text += `
resource "terraform_data" "name" {
  input = "web"
}
`
	if err := os.WriteFile(filepath.Join(l.cli.directory, "main.tf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	l.run("plan", "-no-color")
	l.wants(false, "apply -auto-approve", "Two migrations have the same output path", l.image)
	l.run("destroy", "-auto-approve", "-no-color", "-refresh=false") // or the plan that it makes first is refused, too
	l.holds()
}

// lifeOfTwoRuns has a Terraform run wait for another one on this host, for
// longer than its own timeout.
func lifeOfTwoRuns(t *testing.T, executable string) {
	const timeout = 10 * time.Second
	path, slow := slowQEMUImg(t, "convert")
	mark := "HOME=" + t.TempDir()
	killAtTheEnd(t, mark)
	log := filepath.Join(t.TempDir(), "provider.log")
	first := newLife(t, executable, "", "", "PATH="+path, mark)
	second := newLife(t, executable, "", fmt.Sprintf("timeouts = { create = %q }", timeout), "TF_LOG_PROVIDER=INFO", "TF_LOG_PATH="+log, mark)
	second.locks = first.locks
	second.configure("", fmt.Sprintf("timeouts = { create = %q }", timeout))

	start := func(l *life) (*exec.Cmd, *bytes.Buffer) {
		cmd := exec.CommandContext(t.Context(), "terraform", "apply", "-auto-approve", "-no-color")
		cmd.Dir, cmd.Env = l.cli.directory, l.env
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd, &out
	}
	holder, _ := start(first)
	await(t, slowStart, "the first converts", func() bool { return countMarked(mark, "sleep 600") == 1 })
	waiter, out := start(second)
	await(t, slowStart, "the second waits", func() bool {
		text, err := os.ReadFile(log)
		return err == nil && bytes.Contains(text, []byte("Waiting for other migrations on this host to end, as max_concurrent = 1 demands"))
	})
	longer := time.NewTimer(timeout + time.Second)
	<-longer.C
	if _, err := os.Stat(second.directory); err == nil {
		t.Error("the second did not wait")
	}
	if err := holder.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if holder.Wait() == nil {
		t.Error("the first was not cancelled")
	}
	if err := waiter.Wait(); err != nil {
		t.Errorf("the second fails: %v\n%s", err, out)
	}
	second.destroy()
	if err := os.Remove(slow); err != nil {
		t.Fatal(err)
	}
}
