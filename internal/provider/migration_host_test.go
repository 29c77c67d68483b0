package provider

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
)

// on is what the host sees of the migration that has the id.
func (m *migrated) on(host string) *migrated {
	other := *m
	other.server = newServer(m.t, fakeProvider(m.t), fmt.Sprintf(`{"host_id": %q}`, host))
	return &other
}

// vanish removes the image and its record.
func (m *migrated) vanish() {
	m.t.Helper()
	for _, path := range []string{m.image, artifact.RecordPath(m.image)} {
		if err := os.Remove(path); err != nil {
			m.t.Fatal(err)
		}
	}
}

// leave puts another directory in the place of the output directory, as another
// host has it.
func (m *migrated) leave() {
	m.t.Helper()
	m.away()
	if err := os.Mkdir(m.directory, 0o700); err != nil {
		m.t.Fatal(err)
	}
}

// away takes the output directory away, as where it is not mounted.
func (m *migrated) away() {
	m.t.Helper()
	if err := os.Rename(m.directory, m.directory+".away"); err != nil {
		m.t.Fatal(err)
	}
}

// What cannot be seen from here is neither gone nor there: an image that another
// host has must not be migrated again, and an agent that is another host each time
// must be able to plan.
func TestReadOnAnotherHost(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		do   func(m *migrated)
		host string // that looks; the one that migrated if empty
		want string // in the diagnostics; empty for none
		gone bool   // from the state
	}{
		"the image is there":                     {func(*migrated) {}, "b", "", false},
		"the image was deleted":                  {func(m *migrated) { m.vanish() }, "", "", true},
		"storage is shared, image was deleted":   {func(m *migrated) { m.vanish() }, "b", "", true},
		"directory is another":                   {(*migrated).leave, "b", "WARNING: Image cannot be seen from here: disk.qcow2", false},
		"there is no directory":                  {(*migrated).away, "b", "not on this host", false},
		"not mounted on the host that has it":    {(*migrated).away, "", "ERROR: Unable to find out whether an image exists", false},
		"not mounted on a host of the same id":   {(*migrated).away, "", "give each its own host_id", false},
		"the directory was deleted and made new": {(*migrated).leave, "", "", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := migrate(t, "")
			looks := m
			if test.host != "" {
				looks = m.on(test.host)
			}
			test.do(m)
			refreshed, diags := looks.refresh(m.instance)
			text := strings.Join(texts(diags), "\n")
			if test.want == "" && text != "" {
				t.Errorf("diagnostics: %s", text)
			}
			wantText(t, text, test.want)
			if gone := refreshed.state.IsNull(); gone != test.gone {
				t.Errorf("out of the state: %t, want %t\n%s", gone, test.gone, text)
			}
			if strings.Contains(test.want, "WARNING") {
				if replaces, planned := looks.replan(m.config("")); replaces != "" || strings.Contains(planned, "ERROR") {
					t.Errorf("the plan replaces for %q\n%s", replaces, planned)
				}
			}
		})
	}
}

// Elsewhere nothing can be deleted, and the state must not forget the image
// unless it is to be kept.
func TestDestroyOnAnotherHost(t *testing.T) {
	t.Parallel()
	for settings, refuses := range map[string]bool{"": true, `"on_destroy": "keep"`: false} {
		m := migrate(t, settings)
		m.leave()
		planned := strings.Join(texts(m.on("b").planDestroy(m.instance)), "\n")
		if refuses {
			wantText(t, planned, "WARNING: Destroying cannot delete the migrated image", "not on this host", `on_destroy = "keep"`, "terraform state rm")
		}
		if strings.Contains(planned, "are deleted:") {
			t.Errorf("%q: the plan of the destroy says %s", settings, planned)
		}
		diags := m.on("b").destroy(m.instance)
		if refused := len(diags) > 0; refused != refuses {
			t.Errorf("%q: %q", settings, texts(diags))
		}
		if refuses {
			wantText(t, strings.Join(texts(diags), "\n"), "ERROR: Unable to delete migrated image", "not on this host", `on_destroy = "keep"`, "terraform state rm")
		}
		if _, err := os.Stat(filepath.Join(m.directory+".away", "disk.qcow2")); err != nil {
			t.Error(err)
		}
	}
}

// The report may lie in another directory, of which nothing is remembered.
func TestDestroyWithoutAReportElsewhere(t *testing.T) {
	t.Parallel()
	reports := t.TempDir()
	file := filepath.Join(reports, "r.json")
	m := migrate(t, fmt.Sprintf(`"options": {"report": {"path": %q}}`, file))
	for _, path := range []string{file, artifact.RecordPath(file)} {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	m.noErrors(m.destroy(m.instance))
	if left := listing(t, m.directory); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

// Hosts of one id are one where nothing else tells them apart.
func TestHostIDIsRecorded(t *testing.T) {
	t.Parallel()
	m := &migrated{server: newServer(t, fakeProvider(t), `{"host_id": "pool"}`), source: sourceFile(t), directory: t.TempDir()}
	m.image = filepath.Join(m.directory, "disk.qcow2")
	var diags []*tfprotov6.Diagnostic
	m.instance, diags = m.apply(t.Context(), instance{}, m.config(""))
	m.noErrors(diags)
	record, err := artifact.ReadRecord(m.image)
	if err != nil || record.HostID != "pool" {
		t.Fatalf("record %+v, %v", record, err)
	}
	m.private = editIdentity(t, m.private, func(i *artifact.Identity) { i.Mark = "" }) // as on NFS
	m.leave()
	for host, want := range map[string]bool{"pool": true, "other": false} {
		refreshed, _ := m.on(host).refresh(m.instance)
		if gone := refreshed.state.IsNull(); gone != want {
			t.Errorf("on %q it is out of the state: %t", host, gone)
		}
	}
}

func TestHostIDIsChecked(t *testing.T) {
	t.Parallel()
	server := newServer(t, fakeProvider(t), `{}`)
	schemas, err := server.wire.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	typ := objectType(t, schemas.Provider)
	for id, valid := range map[string]bool{"pool-1": true, "ci/agents:eu@2": true, "": false, "a b": false, strings.Repeat("x", 129): false} {
		config := server.encode(typ, value(t, typ, decode(t, fmt.Sprintf(`{"host_id": %q}`, id))))
		resp, err := server.wire.ValidateProviderConfig(t.Context(), &tfprotov6.ValidateProviderConfigRequest{Config: config})
		if err != nil {
			t.Fatal(err)
		}
		if accepted := len(resp.Diagnostics) == 0; accepted != valid {
			t.Errorf("host_id %q: %q", id, texts(resp.Diagnostics))
		}
	}
}
