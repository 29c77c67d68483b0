package provider

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// troubledSource makes a source of which fakePreflight has these problems.
func troubledSource(t *testing.T, problems ...report.Problem) string {
	t.Helper()
	return foreseenSource(t, report.Foreseen{Problems: problems})
}

// foreseenSource makes a source of which fakePreflight knows that.
func foreseenSource(t *testing.T, foreseen report.Foreseen) string {
	t.Helper()
	text, err := json.Marshal(foreseen)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "disk.vmdk")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

var (
	noQEMU  = report.Problem{Message: "there is no qemu-img", Remedy: "install qemu-utils"}
	noSpace = report.Problem{Attribute: "output.directory", Message: "disk space may not suffice", Uncertain: true}
	noVMDK  = report.Problem{Attribute: "source", Message: "disk.vmdk is a VHD image, but source.type says vmdk", Remedy: "set source.type to \"vhd\""}
)

func onlyWarnings(t *testing.T, diagnostics []*tfprotov6.Diagnostic) {
	t.Helper()
	for _, d := range diagnostics {
		if d.Severity != tfprotov6.DiagnosticSeverityWarning {
			t.Errorf("%s: %s", d.Summary, d.Detail)
		}
	}
}

func TestPreflightWarnsAtPlan(t *testing.T) {
	t.Parallel()
	server := newServer(t, fakeProvider(t), `{}`)
	absent := filepath.Join(t.TempDir(), "absent.vmdk")
	resp, _ := server.plan(instance{}, configuration(absent, t.TempDir(), ""))
	onlyWarnings(t, resp.Diagnostics)
	wantText(t, strings.Join(texts(resp.Diagnostics), "\n"), "source path not found: "+absent)

	resp, _ = server.plan(instance{}, configuration(troubledSource(t, noQEMU, noSpace, noVMDK), t.TempDir(), ""))
	onlyWarnings(t, resp.Diagnostics)
	wantText(t, strings.Join(texts(resp.Diagnostics), "\n"),
		`there is no qemu-img`, `Install qemu-utils.`,
		`AttributeName("output").AttributeName("directory"): Migration may fail on this host: disk space may`,
		`AttributeName("source"): Migration would fail on this host: disk.vmdk is a VHD image`)

	resp, _ = server.plan(instance{}, `{"source": {"type": "vmdk", "path": "(unknown)"}, "output": {"directory": "/images"}}`)
	if text := strings.Join(texts(resp.Diagnostics), "\n"); strings.Contains(text, "source") {
		t.Errorf("a source that is not known yet: %s", text)
	}

	resp, _ = server.plan(instance{}, fmt.Sprintf(`{"source": {"type": "vmdk", "path": %q}, "output": {"directory": "(unknown)"}}`, absent))
	wantText(t, strings.Join(texts(resp.Diagnostics), "\n"), "source path not found: "+absent)
	resp, _ = server.plan(instance{}, fmt.Sprintf(`{"source": {"type": "vmdk", "path": "(unknown)", "luks_keys": [{"key_file": %q}]},
		"output": {"directory": "/images"}}`, absent))
	onlyWarnings(t, resp.Diagnostics)
	wantText(t, strings.Join(texts(resp.Diagnostics), "\n"), `AttributeName("luks_keys").ElementKeyInt(0).AttributeName("key_file"): Migration would`, absent)
	resp, _ = server.plan(instance{}, configuration(sourceFile(t), t.TempDir(), fmt.Sprintf(`"pipeline": {"fix": {"virtio_win": %q}}`, absent)))
	onlyWarnings(t, resp.Diagnostics)
	wantText(t, strings.Join(texts(resp.Diagnostics), "\n"), `AttributeName("pipeline").AttributeName("fix").AttributeName("virtio_win"): Migration would`, absent)
}

// TestPreflightSaysNothingTwice: the detail has what the summary does not.
func TestPreflightSaysNothingTwice(t *testing.T) {
	t.Parallel()
	server := newServer(t, fakeProvider(t), `{}`)
	bare := report.Problem{Message: "the host is too old"}
	resp, _ := server.plan(instance{}, configuration(troubledSource(t, noQEMU, noSpace, bare), t.TempDir(), ""))
	if len(resp.Diagnostics) != 3 {
		t.Fatalf("%d diagnostics", len(resp.Diagnostics))
	}
	for n, problem := range []report.Problem{noQEMU, noSpace, bare} {
		d := resp.Diagnostics[n]
		if !strings.Contains(d.Summary, problem.Message) || d.Detail == "" || strings.Contains(d.Detail, problem.Message) {
			t.Errorf("summary %q, detail %q", d.Summary, d.Detail)
		}
	}
}

// A replacement deletes the image first, so that what would fail the migration
// after that is said before.
func TestPreflightOfReplacement(t *testing.T) {
	t.Parallel()
	const keep, overwrite = `"on_destroy": "keep"`, `"overwrite": true`
	for name, test := range map[string]struct {
		problem  report.Problem
		settings string
		host     string // that the image was made on, if not this one
		refuses  bool
		want     []string
	}{
		"a source that is refused":   {noVMDK, "", "", true, []string{`ERROR AttributeName("source")`, "would first delete IMAGE", "disk.vmdk is a VHD image", `Set source.type to "vhd".`, "set overwrite = true"}},
		"a tool that is missing":     {noQEMU, "", "", true, []string{"ERROR: Replacement would delete the image and then fail: there is no qemu-img", "would first delete IMAGE", "Install qemu-utils."}},
		"the space may suffice":      {noSpace, "", "", false, []string{"Migration may fail on this host: disk space", "deletes IMAGE"}},
		"the image stays":            {noVMDK, keep, "", false, []string{"Migration would fail on this host: disk.vmdk is a VHD image"}},
		"the image may be exchanged": {noVMDK, overwrite, "", false, []string{"Migration would fail on this host: disk.vmdk is a VHD image", "Without create_before_destroy", "deletes IMAGE"}},
		"the image is elsewhere":     {noVMDK, "", "another", false, []string{"Migration would fail on this host: disk.vmdk is a VHD image"}},
		"the image's space is free":  {report.Problem{Message: "without FREED", Uncertain: true}, "", "", false, []string{"without IMAGE: "}},
		"the image's space is taken": {report.Problem{Message: "without FREED", Uncertain: true}, keep, "", false, []string{"without : "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := migrate(t, test.settings)
			if test.host != "" {
				m.private = editIdentity(t, m.private, func(i *artifact.Identity) { i.HostID = test.host })
			}
			_, text := m.replan(configuration(troubledSource(t, test.problem), filepath.Join(m.directory, "new"), test.settings))
			if refused := strings.Contains(text, "ERROR"); refused != test.refuses {
				t.Errorf("refused: %t\n%s", refused, text)
			}
			for _, want := range test.want {
				wantText(t, text, strings.ReplaceAll(want, "IMAGE", m.image))
			}
		})
	}
}

// With -replace, Terraform plans without changes, and then once more as if there
// were no state.
func TestPreflightOfForcedReplacement(t *testing.T) {
	t.Parallel()
	for settings, severity := range map[string]string{"": "ERROR", `"on_destroy": "keep"`: "WARNING", `"overwrite": true`: "WARNING"} {
		m := migrate(t, settings)
		if err := os.Remove(m.source); err != nil {
			t.Fatal(err)
		}
		resp, _ := m.plan(instance{private: m.private}, m.config(settings))
		wantText(t, strings.Join(texts(resp.Diagnostics), "\n"), severity+` AttributeName("source")`, m.source)
	}
}

// TestPlanTellsWhatIsOverwritten: overwrite is set once for the sake of a replacement,
// and holds for whatever stands at a new path.
func TestPlanTellsWhatIsOverwritten(t *testing.T) {
	t.Parallel()
	m := migrate(t, "")
	mine := filepath.Join(t.TempDir(), "mine.qcow2")
	if err := os.WriteFile(mine, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	source := foreseenSource(t, report.Foreseen{Replaced: []string{mine, m.image}})
	resp, _ := m.plan(instance{}, configuration(source, t.TempDir(), `"overwrite": true`))
	onlyWarnings(t, resp.Diagnostics)
	if len(resp.Diagnostics) != 1 {
		t.Fatalf("the plan says %q", texts(resp.Diagnostics))
	}
	wantText(t, texts(resp.Diagnostics)[0], `WARNING AttributeName("overwrite"): Migration replaces existing files: mine.qcow2`,
		"- "+mine+", which no migration made\n", "- "+m.image+", which a migration made on 20", "another output.filename")
}

// TestForcedReplacementFreesAllImages: of a machine with several disks, too. The
// state, which lists them, is not there when Terraform plans the second time.
func TestForcedReplacementFreesAllImages(t *testing.T) {
	t.Parallel()
	m := migrate(t, `"metadata": {"owner": "doubles"}`)
	source := troubledSource(t, report.Problem{Message: "without FREED", Uncertain: true})
	resp, _ := m.plan(instance{private: m.private}, configuration(source, m.directory, ""))
	wantText(t, strings.Join(texts(resp.Diagnostics), "\n"), "without "+m.image+" "+strings.Replace(m.image, ".qcow2", "-disk2.qcow2", 1))
}

// TestPreflightKnowsWhetherOutputsHaveTheirPlaces: what stands at a default's path is
// in nobody's way where that is not known yet.
func TestPreflightKnowsWhetherOutputsHaveTheirPlaces(t *testing.T) {
	t.Parallel()
	source := troubledSource(t, report.Problem{Message: "their places are known: PLACED"})
	for extra, want := range map[string]string{
		"":                             "true",
		`"triggers": "(unknown)"`:      "true",
		`"configuration": "(unknown)"`: "true",
		`"overwrite": "(unknown)"`:     "false",
		`"pipeline": "(unknown)"`:      "false",
		`"options": {"report": {"path": "(unknown)"}}`:                "false",
		`"options": {"dry_run": "(unknown)"}`:                         "false",
		`"output": {"directory": "/images", "filename": "(unknown)"}`: "false",
	} {
		server := newServer(t, fakeProvider(t), `{}`)
		resp, _ := server.plan(instance{}, configuration(source, t.TempDir(), extra))
		if text := strings.Join(texts(resp.Diagnostics), "\n"); !strings.Contains(text, "their places are known: "+want) {
			t.Errorf("%s: %s", extra, text)
		}
	}
}

// Terraform folds warnings of the same summary.
func TestPreflightSummariesDiffer(t *testing.T) {
	t.Parallel()
	server := newServer(t, fakeProvider(t), `{}`)
	long := report.Problem{Message: strings.Repeat("x", 500) + "\nmore"}
	resp, _ := server.plan(instance{}, configuration(troubledSource(t, noQEMU, noSpace, noVMDK, long), t.TempDir(), ""))
	seen := map[string]bool{}
	for _, d := range resp.Diagnostics {
		seen[d.Summary] = true
		if len(d.Summary) > 250 || strings.Contains(d.Summary, "\n") {
			t.Errorf("summary %q", d.Summary)
		}
	}
	if len(seen) != 4 || len(resp.Diagnostics) != 4 {
		t.Errorf("%d diagnostics with %d summaries", len(resp.Diagnostics), len(seen))
	}
}

// TestPlanTellsConcerns: one warning has all of a guest's concerns, those that are
// critical first, and none where all is well.
func TestPlanTellsConcerns(t *testing.T) {
	t.Parallel()
	hidden := report.Concern{Category: report.Information, Assessment: "the guest has no host name"}
	warned := report.Concern{Category: report.Warned, Assessment: "two systems were found", Remedy: "name one in source.root"}
	critical := report.Concern{Category: report.Critical, Assessment: "the guest is hibernated"}
	for name, test := range map[string]struct {
		foreseen report.Foreseen
		want     string // the warning, with SOURCE for the source; "" for none
	}{
		"all is well":       {report.Foreseen{Guest: "Debian 12", Concerns: []report.Concern{hidden}}, ""},
		"not looked into":   {report.Foreseen{Unread: "its file system is not read here"}, ""},
		"concerns":          {report.Foreseen{Guest: "Debian 12", Concerns: []report.Concern{hidden, warned, critical}}, "the guest in SOURCE: Debian 12\n\n- critical: the guest is hibernated. \n- warning: two systems were found. Name one in source.root.\n\nThis is what"},
		"too many":          {report.Foreseen{Concerns: []report.Concern{critical, warned}, Omitted: 7}, "- warning: two systems were found. Name one in source.root.\n- and 7 more, none of which weighs more than these\n\nThis is what"},
		"of a mere machine": {report.Foreseen{Concerns: []report.Concern{warned}}, "Concerns about SOURCE: - warning: two systems were found."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, fakeProvider(t), `{}`)
			source := foreseenSource(t, test.foreseen)
			resp, _ := server.plan(instance{}, configuration(source, t.TempDir(), ""))
			onlyWarnings(t, resp.Diagnostics)
			if test.want == "" {
				if len(resp.Diagnostics) > 0 {
					t.Errorf("the plan says %q", texts(resp.Diagnostics))
				}
				return
			}
			if len(resp.Diagnostics) != 1 {
				t.Fatalf("the plan says %q", texts(resp.Diagnostics))
			}
			wantText(t, texts(resp.Diagnostics)[0], `WARNING AttributeName("source")`, strings.ReplaceAll(test.want, "SOURCE", source))
		})
	}
}
