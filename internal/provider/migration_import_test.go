package provider

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
)

func TestImport(t *testing.T) {
	t.Parallel()
	for name, extra := range map[string]string{
		"defaults": "",
		"much of it": `"metadata": {"name": "web", "tags": ["a", "b"]}, "overwrite": true,
			"pipeline": {"inspect": {"collect_guest_info": true}, "convert": {"compress": true}}, "options": {"verbose": 2}`,
		"configuration": `"configuration": {"services": {"enable": ["sshd"]}, "hostname": {"hostname": "web", "hosts": [{"ip": "::1", "hostname": "web"}]},
			"users": {"create": [{"name": "ops", "uid": 1001, "groups": ["wheel"], "ssh_authorized_keys": ["ssh-ed25519 AAAA ops"]}]}}`,
		"no image":  `"pipeline": {"inspect": {}}`,
		"no report": `"options": {"report": {"enabled": false}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := migrate(t, extra)
			imported, diags := m.importState(fmt.Sprint(at(t, m.state, "id")), "")
			if len(diags) != 0 {
				t.Fatalf("import: %q", texts(diags))
			}
			imported, diags = m.refresh(imported)
			if len(diags) != 0 {
				t.Fatalf("refresh: %q", texts(diags))
			}
			was := must[map[string]any](plain(t, m.state))
			if name == "no report" {
				was["report"], was["guest"], was["machine"], was["concerns"] = nil, nil, nil, nil
			}
			if diff := cmp.Diff(was, plain(t, imported.state)); diff != "" {
				t.Errorf("state (-created +imported):\n%s", diff)
			}
			resp, planned := m.plan(imported, m.config(extra))
			if len(resp.Diagnostics) != 0 || !planned.Equal(imported.state) {
				t.Errorf("the plan after the import is not empty: %q\n%s", texts(resp.Diagnostics), cmp.Diff(plain(t, imported.state), plain(t, planned)))
			}
			if diags := m.destroy(imported); len(diags) != 0 {
				t.Errorf("destroy: %q", texts(diags))
			}
			if left := listing(t, m.directory); len(left) != 0 {
				t.Errorf("destroy left %q", left)
			}
		})
	}
}

// What the record cannot know is taken over from the configuration, once.
func TestImportOfWhatTheRecordDoesNotTell(t *testing.T) {
	t.Parallel()
	const extra = `"triggers": {"a": "b"}, "deletion_protection": true, "configuration": {
		"users": {"create": [{"name": "ops", "password": "$6$saltsalt$hash"}]},
		"network": {"systemd_networkd": [{"filename": "10-wg.netdev", "content": "[NetDev]\nName=wg0\nKind=wireguard\n[WireGuard]\nPrivateKey=swordfish"}]}}`
	m := migrate(t, extra)
	record, err := os.ReadFile(artifact.RecordPath(m.image))
	if err != nil || strings.Contains(string(record), "swordfish") || strings.Contains(string(record), "saltsalt") {
		t.Fatalf("the record shows secrets: %s, %v", record, err)
	}
	imported, diags := m.importState(m.image, "")
	if len(diags) != 0 {
		t.Fatalf("import: %q", texts(diags))
	}
	m.instance = imported
	if replaces, diags := m.replan(m.config(extra)); replaces != "" || diags != "" {
		t.Errorf("the first plan replaces for %q: %s", replaces, diags)
	}
	if replaces, _ := m.replan(m.config(strings.Replace(extra, `"ops"`, `"others"`, 1))); !strings.Contains(replaces, "configuration") {
		t.Errorf("another user replaces for %q", replaces)
	}
	m.instance, diags = m.apply(t.Context(), imported, m.config(extra))
	m.noErrors(diags)
	if got := at(t, m.state, "triggers.a"); got != "b" {
		t.Errorf("the trigger was not taken over: %v", got)
	}
	if replaces, _ := m.replan(m.config(strings.Replace(extra, "swordfish", "sawfish", 1) + `, "deletion_protection": false`)); !strings.Contains(replaces, "network") {
		t.Errorf("after that, another secret replaces for %q", replaces)
	}
}

// What the record does tell is no news: another value of it migrates again.
func TestImportAdoptsNothingElse(t *testing.T) {
	t.Parallel()
	m := migrate(t, "")
	var diags []*tfprotov6.Diagnostic
	if m.instance, diags = m.importState(m.image, ""); len(diags) != 0 {
		t.Fatalf("import: %q", texts(diags))
	}
	for want, extra := range map[string]string{
		"mode":         `"output": {"directory": "` + m.directory + `", "mode": "0640"}`,
		"root":         `"source": {"type": "vmdk", "path": "` + m.source + `", "root": "/dev/sda2"}`,
		"cluster_size": `"pipeline": {"convert": {"cluster_size": 131072}}`,
		"virtio_win":   `"pipeline": {"fix": {"virtio_win": "` + m.source + `"}}`,
	} {
		if replaces, _ := m.replan(m.config(extra)); !strings.Contains(replaces, `AttributeName("`+want+`")`) {
			t.Errorf("another %s replaces for %q", want, replaces)
		}
	}
}

// TestImportOfWhatTheProviderGave: paths in the record are absolute, and the drivers
// may have been the provider's.
func TestImportOfWhatTheProviderGave(t *testing.T) {
	t.Parallel()
	drivers := sourceFile(t)
	relative := func(file string) string {
		directory, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		name, err := filepath.Rel(directory, file)
		if err != nil {
			t.Fatal(err)
		}
		return name
	}
	for name, test := range map[string]struct{ provider, extra string }{
		"drivers of the provider": {`{"virtio_win": "` + drivers + `"}`, ""},
		"relative drivers":        {`{}`, `"pipeline": {"fix": {"virtio_win": "` + relative(drivers) + `"}}`},
		"relative directories":    {`{}`, `"source": {"type": "vmdk", "path": "SOURCE", "directories": ["` + relative(filepath.Dir(drivers)) + `"]}`},
	} {
		m := &migrated{server: newServer(t, fakeProvider(t), test.provider), source: sourceFile(t), directory: t.TempDir()}
		config := m.config(strings.ReplaceAll(test.extra, "SOURCE", m.source))
		created, diags := m.apply(t.Context(), instance{}, config)
		m.noErrors(diags)
		imported, diags := m.importState(fmt.Sprint(at(t, created.state, "id")), "")
		if len(diags) != 0 {
			t.Fatalf("%s: import: %q", name, texts(diags))
		}
		m.instance = imported
		if replaces, diags := m.replan(config); replaces != "" || diags != "" {
			t.Errorf("%s: the first plan replaces for %q: %s", name, replaces, diags)
		}
	}
}

// What a run has published and not made final is nobody's yet: when the run is
// dead, the next one removes it.
func TestImportOfAnUnfinishedMigration(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	image := filepath.Join(directory, "web.qcow2")
	run, err := artifact.NewRun(directory, uuid.NewString())
	if err != nil {
		t.Fatal(err)
	}
	temporary, err := run.Temporary(image)
	if err == nil {
		err = os.WriteFile(temporary, []byte("image"), 0o600)
	}
	if err == nil {
		err = run.PublishAll([]artifact.Publication{{Temporary: temporary, Path: image}}, false)
	}
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, &hyper2kvmProvider{}, "{}")
	_, diags := s.importState(image, "")
	wantText(t, strings.Join(texts(diags), "\n"), "Unable to import migration", "goes on, or was killed before it was done")
	if err := run.Close(); err != nil {
		t.Fatal(err)
	}
	_, diags = s.importState(image, "")
	wantText(t, strings.Join(texts(diags), "\n"), "does not say what was migrated")
}

func TestImportFails(t *testing.T) {
	t.Parallel()
	m := migrate(t, "")
	notes := filepath.Join(m.directory, "notes.txt")
	if err := os.WriteFile(notes, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct{ id, identity, want string }{
		"no record":           {id: notes, want: "There is no ownership record"},
		"no file":             {id: filepath.Join(m.directory, "absent.qcow2"), want: "There is no ownership record"},
		"the report":          {id: m.report, want: "Import it by that path"},
		"identity, elsewhere": {identity: fmt.Sprintf(`{"path": %q, "host_id": "other"}`, m.image), want: "not on \"other\""},
	}
	for name, test := range tests {
		_, diags := m.importState(test.id, test.identity)
		if text := strings.Join(texts(diags), "\n"); !strings.Contains(text, "Unable to import") || !strings.Contains(text, test.want) {
			t.Errorf("%s: %s", name, text)
		}
	}
	for name, identity := range map[string]string{
		"path alone":    fmt.Sprintf(`{"path": %q}`, m.image),
		"path and host": fmt.Sprintf(`{"path": %q, "host_id": %q}`, m.image, artifact.HostID()),
	} {
		if imported, diags := m.importState("", identity); len(diags) != 0 || imported.state.IsNull() {
			t.Errorf("import by identity, %s: %q", name, texts(diags))
		}
	}
	if err := os.Remove(m.image); err != nil {
		t.Fatal(err)
	}
	_, diags := m.importState(m.image, "")
	wantText(t, strings.Join(texts(diags), "\n"), "is gone")
}
