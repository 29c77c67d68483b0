package pipeline_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// TestAccGuestAgent boots a guest with QEMU's guest agent that asks for no login
// anywhere: with its probe, without, and with an agent that runs and is silent.
func TestAccGuestAgent(t *testing.T) {
	t.Parallel()
	requireFullMatrix(t)
	recipe, err := testguest.Lookup(testguest.Flagship)
	if err != nil {
		t.Fatal(err)
	}
	recipe.Name += "-agent"
	recipe.Bootstrap.Packages = append(slices.Clone(recipe.Bootstrap.Packages), "qemu-guest-agent")
	recipe.Commands = append(slices.Clone(recipe.Commands), "systemctl mask getty@.service serial-getty@.service")
	source := build(t, recipe)
	t.Run("answers", func(t *testing.T) {
		m, became := agentMigration(t, source)
		if became.Verdict != report.BootBooted || became.Guest == nil || len(became.Differences) > 0 {
			t.Fatalf("it became %+v", became)
		}
		release := regexp.MustCompile(`^it is of QEMU \d+\.\d+\.\d+`)
		for name, said := range map[string]func(string) bool{"word": func(seen string) bool { return seen == "it answers" }, "release": release.MatchString} {
			if !slices.ContainsFunc(became.Evidence, func(e report.BootEvidence) bool { return e.Source == "agent" && e.Seconds > 0 && said(e.Seen) }) {
				t.Errorf("the agent's %s is not in the evidence: %+v", name, became.Evidence)
			}
		}
		result, err := testguest.Boot(t.Context(), testguest.BootOptions{Disks: []testguest.BootDisk{{Path: m.OutputPath(), Format: "qcow2"}}})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("without a probe: %s after %s", result.State, result.Duration.Round(time.Second))
		if result.State != testguest.StateAgent {
			t.Errorf("without a probe it became %s; console:\n%s", result.State, tail(result.Console))
		}
	})
	t.Run("silent", func(t *testing.T) {
		silent := copyOf(t, source)
		editGuests(t, []string{silent}, []map[string]func(string) string{{
			"/usr/lib/systemd/system/qemu-guest-agent.service": func(text string) string {
				return strings.Replace(text, "ExecStart=-/usr/sbin/qemu-ga", "ExecStart=/bin/sleep infinity", 1)
			},
		}})
		_, became := agentMigration(t, silent)
		want := []string{"QEMU's guest agent is installed in the guest, and did not answer when the guest was booted"}
		if diff := cmp.Diff(want, became.Differences); diff != "" || became.Verdict != report.BootBooted {
			t.Errorf("%s; differences (-want +got):\n%s", became.Verdict, diff)
		}
	})
}

// agentMigration migrates the guest and says what it became.
func agentMigration(t *testing.T, source string) (*manifest.Manifest, *report.Boot) {
	t.Helper()
	m := migration(source, t.TempDir())
	if strings.HasSuffix(source, ".qcow2") {
		m.Source.Type = manifest.SourceQCOW2
	}
	m.Pipeline.Validate.Boot.Enabled = true
	r, err := pipeline.Run(t.Context(), m, pipeline.Options{Acceleration: "auto"})
	if err != nil {
		t.Fatalf("the migration failed: %v\n%+v", err, r.Errors)
	}
	logStages(t, r)
	became := bootOf(t, r)
	t.Logf("%s (%s) after %.1f s: %+v", became.Verdict, became.State, became.Seconds, became.Evidence)
	return m, became
}
