package provider

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"golang.org/x/sys/unix"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
)

// migrated is a migration that was created, with the files it made.
type migrated struct {
	*server
	instance
	source, directory, image, report string
}

func migrate(t *testing.T, extra string) *migrated {
	t.Helper()
	m := &migrated{server: newServer(t, fakeProvider(t), `{}`), source: sourceFile(t), directory: t.TempDir()}
	m.image, m.report = filepath.Join(m.directory, "disk.qcow2"), filepath.Join(m.directory, "report.json")
	var diags []*tfprotov6.Diagnostic
	m.instance, diags = m.apply(t.Context(), instance{}, m.config(extra))
	m.noErrors(diags)
	return m
}

func (m *migrated) config(extra string) string { return configuration(m.source, m.directory, extra) }

// replan plans the configuration and returns what it replaces for.
func (m *migrated) replan(config string) (replaces string, diags string) {
	m.t.Helper()
	resp, _ := m.plan(m.instance, config)
	var paths []string
	for _, path := range resp.RequiresReplace {
		paths = append(paths, path.String())
	}
	return strings.Join(paths, " "), strings.Join(texts(resp.Diagnostics), "\n")
}

func wantText(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing in: %s", part, text)
		}
	}
}

func TestDeletionProtection(t *testing.T) {
	t.Parallel()
	m := migrate(t, `"deletion_protection": true`)
	wantText(t, strings.Join(texts(m.planDestroy(m.instance)), "\n"), "ERROR", "protected", "deletion_protection = false")
	_, diags := m.replan(m.config(`"deletion_protection": false, "triggers": {"a": "b"}`))
	wantText(t, diags, "ERROR", "Replacing this resource", "deletion_protection = false")
	wantText(t, strings.Join(texts(m.destroy(m.instance)), "\n"), "ERROR", "protected")
	if _, err := os.Stat(m.image); err != nil {
		t.Fatalf("the protected image is gone: %v", err)
	}
	unprotected, updateDiags := m.apply(t.Context(), m.instance, m.config(""))
	m.noErrors(updateDiags)
	if diags := m.destroy(unprotected); len(diags) != 0 {
		t.Errorf("destroy: %q", texts(diags))
	}
}

// TestForcedReplacementOfAProtected: by terraform apply -replace, or for the sake of
// another resource. Terraform plans an update that changes nothing, and once more
// without the state, for what that left in the private part.
func TestForcedReplacementOfAProtected(t *testing.T) {
	t.Parallel()
	for settings, refused := range map[string]bool{`"deletion_protection": true`: true, "": false} {
		m := migrate(t, settings)
		first, _ := m.plan(m.instance, m.config(settings))
		m.noErrors(first.Diagnostics)
		again, _ := m.plan(instance{private: first.PlannedPrivate}, m.config(settings))
		text := strings.Join(texts(again.Diagnostics), "\n")
		if got := strings.Contains(text, "ERROR: Migration is protected from deletion: Replacing this resource"); got != refused {
			t.Errorf("%q: refused is %t: %s", settings, got, text)
		}
	}
	// What is not protected any more can be replaced.
	m := migrate(t, `"deletion_protection": true`)
	freed, diags := m.apply(t.Context(), m.instance, m.config(""))
	m.noErrors(diags)
	again, _ := m.plan(instance{private: freed.private}, m.config(""))
	m.noErrors(again.Diagnostics)
}

// TestSummariesNameTheImage: Terraform folds warnings of the same summary, and a plan
// of many machines has to list all files.
func TestSummariesNameTheImage(t *testing.T) {
	t.Parallel()
	m := migrate(t, `"output": {"directory": "`+t.TempDir()+`", "filename": "web.qcow2"}`)
	resp, _ := m.plan(m.instance, m.config(`"output": {"directory": "`+t.TempDir()+`", "filename": "web.qcow2"}`))
	for _, diags := range [][]*tfprotov6.Diagnostic{m.planDestroy(m.instance), resp.Diagnostics} {
		if len(diags) != 1 || !strings.HasSuffix(diags[0].Summary, "the migrated image: web.qcow2") {
			t.Errorf("%q", texts(diags))
		}
	}
}

// TestStateOfAnEarlierProvider lacks an attribute that came later: its default
// is what was done, anything else is another migration.
func TestStateOfAnEarlierProvider(t *testing.T) {
	t.Parallel()
	m := migrate(t, "")
	var err error
	m.state, err = tftypes.Transform(m.state, func(at *tftypes.AttributePath, value tftypes.Value) (tftypes.Value, error) {
		if at.String() == `AttributeName("pipeline").AttributeName("fix").AttributeName("initramfs")` {
			return tftypes.NewValue(tftypes.String, nil), nil
		}
		return value, nil
	})
	if err != nil || at(t, m.state, "pipeline.fix.initramfs") != nil {
		t.Fatalf("the state still has the attribute, %v", err)
	}
	if replaces, diags := m.replan(m.config("")); replaces != "" || diags != "" {
		t.Errorf("the default replaces for %s: %s", replaces, diags)
	}
	updated, diags := m.apply(t.Context(), m.instance, m.config(""))
	m.noErrors(diags)
	if mode := at(t, updated.state, "pipeline.fix.initramfs"); mode != "auto" {
		t.Errorf("the state has %v after the update", mode)
	}
	replaces, _ := m.replan(m.config(`"pipeline": {"inspect": {}, "fix": {"initramfs": "rebuild"}, "convert": {}, "validate": {}}`))
	wantText(t, replaces, "initramfs")
}

func TestFailedMigrationIsNotProtected(t *testing.T) {
	t.Parallel()
	server := newServer(t, fakeProvider(t), `{}`)
	left, _ := server.apply(t.Context(), instance{}, configuration(sourceFile(t), t.TempDir(),
		`"deletion_protection": true, "metadata": {"owner": "leaves"}`))
	if left.state.IsNull() || at(t, left.state, "deletion_protection") != false {
		t.Fatal("what a failure left can never be destroyed")
	}
	if diags := server.destroy(left); len(diags) != 0 {
		t.Errorf("destroy: %q", texts(diags))
	}
}

func TestDestroyPlan(t *testing.T) {
	t.Parallel()
	m := migrate(t, "")
	text := strings.Join(texts(m.planDestroy(m.instance)), "\n")
	wantText(t, text, "WARNING: Destroying deletes the migrated image", m.image+"\n", m.report)

	kept := migrate(t, `"on_destroy": "keep"`)
	wantText(t, strings.Join(texts(kept.planDestroy(kept.instance)), "\n"), "WARNING: Destroying keeps the migrated image", kept.image)
	if diags := kept.destroy(kept.instance); len(diags) != 0 {
		t.Errorf("destroy: %q", texts(diags))
	}
	for _, path := range []string{kept.image, kept.report, artifact.RecordPath(kept.image)} {
		if _, err := os.Stat(path); err != nil {
			t.Errorf("it was not kept: %v", err)
		}
	}
}

func TestDeleteOfAnImageInUse(t *testing.T) {
	t.Parallel()
	m := migrate(t, "")
	file, err := os.OpenFile(m.image, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	// As QEMU locks an image that it writes to.
	lock := unix.Flock_t{Type: unix.F_RDLCK, Start: 100, Len: 1}
	if err := unix.FcntlFlock(file.Fd(), unix.F_OFD_SETLK, &lock); err != nil {
		t.Fatal(err)
	}
	wantText(t, strings.Join(texts(m.planDestroy(m.instance)), "\n"), "WARNING", m.image+" (in use now")
	wantText(t, strings.Join(texts(m.destroy(m.instance)), "\n"), "ERROR", "is in use", "stop the machine first")
	if left := listing(t, m.directory); len(left) != 4 {
		t.Errorf("of the image, the report and their records there is %q", left)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if diags := m.destroy(m.instance); len(diags) != 0 {
		t.Errorf("destroy after the machine ended: %q", texts(diags))
	}
}

func TestDeleteLeavesTheDirectoryToOthers(t *testing.T) {
	t.Parallel()
	server := newServer(t, fakeProvider(t), `{}`)
	directory := filepath.Join(t.TempDir(), "images")
	created, diags := server.apply(t.Context(), instance{}, configuration(sourceFile(t), directory, ""))
	server.noErrors(diags)
	if err := os.WriteFile(filepath.Join(directory, "notes.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if diags := server.destroy(created); len(diags) != 0 {
		t.Errorf("destroy: %q", texts(diags))
	}
	if diff := cmp.Diff([]string{"notes.txt"}, listing(t, directory)); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
}

// An image that another run has replaced is gone. Its place is not to be
// touched, and destroying the old one must not be stuck for ever.
func TestDeleteOfAnImageThatWasOverwritten(t *testing.T) {
	t.Parallel()
	m := migrate(t, "")
	other, diags := m.apply(t.Context(), instance{}, m.config(`"overwrite": true`))
	m.noErrors(diags)
	wantText(t, strings.Join(texts(m.destroy(m.instance)), "\n"), "WARNING: File was not deleted: disk.qcow2: "+m.image+" was published by another run")
	if refreshed, diags := m.refresh(other); refreshed.state.IsNull() || len(diags) != 0 {
		t.Errorf("the other image was touched: %q", texts(diags))
	}
}

func TestReplacementIsAnnounced(t *testing.T) {
	t.Parallel()
	m := migrate(t, "")
	const trigger = `"triggers": {"a": "b"}`
	replaces, diags := m.replan(m.config(trigger))
	if replaces != `AttributeName("triggers")` {
		t.Errorf("replaces for %s", replaces)
	}
	wantText(t, diags, "WARNING: Replacement deletes the migrated image", m.image+"\n", m.report, "create_before_destroy", "overwrite = true")
	if _, diags := m.replan(m.config(trigger + `, "overwrite": true`)); strings.Contains(diags, "create_before_destroy") {
		t.Errorf("overwriting works with create_before_destroy: %s", diags)
	}

	if err := os.Remove(m.source); err != nil {
		t.Fatal(err)
	}
	_, diags = m.replan(m.config(trigger))
	wantText(t, diags, `ERROR AttributeName("source").AttributeName("path"): Replacement would delete the image and then fail: source.path: source path not found: `+m.source,
		"would first delete "+m.image)
	if replaces, diags := m.replan(m.config("")); replaces != "" || diags != "" {
		t.Errorf("a source that is gone after the migration leads to %s %s", replaces, diags)
	}
}

func TestReplacementOfAKeptImage(t *testing.T) {
	t.Parallel()
	m := migrate(t, `"on_destroy": "keep"`)
	const trigger = `"triggers": {"a": "b"}, "on_destroy": "keep"`
	_, diags := m.replan(m.config(trigger))
	wantText(t, diags, "ERROR", "in the way of its replacement", m.image)
	for name, config := range map[string]string{
		"overwrite":    m.config(trigger + `, "overwrite": true`),
		"another name": fmt.Sprintf(`{"source": {"type": "vmdk", "path": %q}, "output": {"directory": %q, "filename": "new.qcow2"}, %s}`, m.source, m.directory, trigger),
	} {
		if _, diags := m.replan(config); diags != "" {
			t.Errorf("%s: %s", name, diags)
		}
	}
}

func TestChangedSource(t *testing.T) {
	t.Parallel()
	m := migrate(t, "")
	tracked := strings.Replace(m.config(""), `"type": "vmdk"`, `"type": "vmdk", "track": "fingerprint"`, 1)
	wantText(t, fmt.Sprint(at(t, m.state, "source_fingerprint")), "4 bytes, modified 20")
	if replaces, diags := m.replan(tracked); replaces != "" || diags != "" {
		t.Errorf("an unchanged source leads to %s %s", replaces, diags)
	}
	if err := os.WriteFile(m.source, []byte("KDMV again"), 0o600); err != nil {
		t.Fatal(err)
	}
	if replaces, diags := m.replan(m.config("")); replaces != "" || diags != "" {
		t.Errorf("a changed source that nobody tracks leads to %s %s", replaces, diags)
	}
	replaces, diags := m.replan(tracked)
	if replaces != `AttributeName("source_fingerprint")` {
		t.Errorf("a changed source replaces for %q", replaces)
	}
	wantText(t, diags, "Source has changed", m.source+" had 4 bytes", "now has 10 bytes", "Replacement deletes")
}

func TestRelativePathsThatBecomeAbsolute(t *testing.T) {
	work := t.TempDir()
	t.Chdir(work)
	if err := os.WriteFile("disk.vmdk", []byte("KDMV"), 0o600); err != nil {
		t.Fatal(err)
	}
	m := &migrated{server: newServer(t, fakeProvider(t), `{}`)}
	var diags []*tfprotov6.Diagnostic
	m.instance, diags = m.apply(t.Context(), instance{}, configuration("disk.vmdk", "out", ""))
	m.noErrors(diags)
	if replaces, diags := m.replan(configuration(filepath.Join(work, "disk.vmdk"), filepath.Join(work, "out"), "")); replaces != "" {
		t.Errorf("the same paths replace for %s: %s", replaces, diags)
	}
	t.Chdir(t.TempDir())
	if replaces, _ := m.replan(configuration("disk.vmdk", "./out", "")); !strings.Contains(replaces, "directory") {
		t.Errorf("another directory replaces for %q", replaces)
	}
}

func TestDriftDetection(t *testing.T) {
	t.Parallel()
	m := migrate(t, "")
	const on = `"drift_detection": "checksum"`
	var diags []*tfprotov6.Diagnostic
	m.instance, diags = m.apply(t.Context(), m.instance, m.config(on))
	m.noErrors(diags)
	sum := func() any { return must[map[string]any](must[[]any](at(t, m.state, "artifacts"))[0])["checksum"] }
	// The SHA-256 of "image", which is what the engine here writes.
	const published = "sha256:6105d6cc76af400325e94d588ce511be5bfdbb73b437dc51eca43917d7a43e3d"
	if sum() != published {
		t.Errorf("checksum %v", sum())
	}
	refresh := func() {
		t.Helper()
		m.instance, diags = m.refresh(m.instance)
		m.noErrors(diags)
	}
	refresh()
	if replaces, text := m.replan(m.config(on)); replaces != "" || text != "" {
		t.Errorf("an unchanged image leads to %s %s", replaces, text)
	}
	if err := os.WriteFile(m.image, []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	refresh()
	replaces, text := m.replan(m.config(on))
	if replaces != `AttributeName("artifacts")` || sum() == published {
		t.Errorf("a changed image replaces for %q; its checksum is %v", replaces, sum())
	}
	wantText(t, text, "Image has changed since it was migrated", m.image)
	if replaces, _ := m.replan(m.config("")); replaces != "" {
		t.Errorf("without drift detection, a changed image replaces for %q", replaces)
	}
	if err := os.WriteFile(m.image, []byte("image"), 0o600); err != nil {
		t.Fatal(err)
	}
	refresh()
	if replaces, _ := m.replan(m.config(on)); replaces != "" {
		t.Errorf("an image with the old content replaces for %q", replaces)
	}
	m.instance, diags = m.apply(t.Context(), m.instance, m.config(""))
	m.noErrors(diags)
	if sum() != nil {
		t.Errorf("drift detection is off and the checksum is %v", sum())
	}

	fresh := migrate(t, on)
	if got := must[map[string]any](must[[]any](at(t, fresh.state, "artifacts"))[0])["checksum"]; got != published {
		t.Errorf("checksum after create %v", got)
	}
}

// editIdentity changes the identity in the private state, whose entries are
// base64 texts of JSON.
func editIdentity(t *testing.T, private []byte, edit func(*artifact.Identity)) []byte {
	t.Helper()
	var entries map[string][]byte
	if err := json.Unmarshal(private, &entries); err != nil {
		t.Fatal(err)
	}
	var identity artifact.Identity
	if err := json.Unmarshal(entries[identityKey], &identity); err != nil {
		t.Fatal(err)
	}
	edit(&identity)
	var err error
	if entries[identityKey], err = json.Marshal(identity); err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(entries)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}
