package provider

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

// validateInspection is `terraform validate` of an inspection in JSON.
func (s *server) validateInspection(config string) []*tfprotov6.Diagnostic {
	s.t.Helper()
	schemas, err := s.wire.GetProviderSchema(s.t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		s.t.Fatal(err)
	}
	typ := objectType(s.t, schemas.DataSourceSchemas["hyper2kvm_inspection"])
	resp, err := s.wire.ValidateDataResourceConfig(s.t.Context(), &tfprotov6.ValidateDataResourceConfigRequest{
		TypeName: "hyper2kvm_inspection", Config: s.encode(typ, value(s.t, typ, decode(s.t, config))),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.Diagnostics
}

// TestValidateInspection: what is wrong is said by terraform validate, at its
// attribute, and not first when a plan inspects.
func TestValidateInspection(t *testing.T) {
	t.Parallel()
	server := newServer(t, fakeProvider(t), `{}`)
	for name, test := range map[string]struct {
		config string
		want   []string // a part of each diagnostic, in order
	}{
		"shortest":         {`{"source": {"type": "vmdk", "path": "d.vmdk"}}`, nil},
		"nothing known":    {`{"source": "(unknown)", "collect_guest_info": "(unknown)"}`, nil},
		"path not known":   {`{"source": {"type": "vmdk", "path": "(unknown)"}}`, nil},
		"a key, not known": {`{"source": {"type": "vmdk", "path": "d", "luks_keys": [{"key_file": "(unknown)"}]}}`, nil},
		"all at once": {
			`{"source": {"type": "vdmk", "path": "", "checksum": "0"}}`,
			[]string{
				`ERROR AttributeName("source").AttributeName("type"): Invalid inspection: source.type: unsupported source type "vdmk"`,
				`ERROR AttributeName("source").AttributeName("path"): Invalid inspection: source.path: must not be empty`,
				`ERROR AttributeName("source").AttributeName("checksum"): Invalid inspection: source.checksum: "0" does not begin`,
			},
		},
		"device": {
			`{"source": {"type": "vmdk", "path": "d", "luks_keys": [{"key_file": "k", "device": "sda"}]}}`,
			[]string{`AttributeName("luks_keys").ElementKeyInt(0).AttributeName("device"): Invalid inspection`},
		},
		// A data source can be given no other key.
		"no key": {
			`{"source": {"type": "vmdk", "path": "d", "luks_keys": [{"device": "all"}]}}`,
			[]string{`AttributeName("luks_keys").ElementKeyInt(0).AttributeName("key_file"): Missing Configuration`},
		},
		"an empty key": {
			`{"source": {"type": "vmdk", "path": "d", "luks_keys": [{"key_file": ""}]}}`,
			[]string{`AttributeName("luks_keys").ElementKeyInt(0).AttributeName("key_file"): Invalid Attribute Value Length`},
		},
	} {
		got := texts(server.validateInspection(test.config))
		if len(got) != len(test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
			continue
		}
		for n, want := range test.want {
			if !strings.Contains(got[n], want) {
				t.Errorf("%s: %q, want %q", name, got[n], want)
			}
		}
	}
}

// TestInspectionEndsEarly: what ended it is said as such, and in no words of a
// migration.
func TestInspectionEndsEarly(t *testing.T) {
	t.Parallel()
	m := &manifest.Manifest{Source: manifest.Source{Path: "/data/web.vmdk"}}
	for want, err := range map[string]error{
		"Inspection timed out: /data/web.vmdk:\n\nThe inspection took longer than 1h0m0s": errors.Join(errors.New("the migration was cancelled"), &timeoutError{after: inspectionTimeout}),
		"Inspection cancelled: /data/web.vmdk:\n\nThe inspection was cancelled":           errors.Join(errors.New("the migration was cancelled"), context.Canceled),
		"Unable to inspect disk image: /data/web.vmdk:\n\nno child":                       errors.New("no child"),
	} {
		diags := inspectionFailure(m, nil, err)
		if len(diags) != 1 {
			t.Fatalf("%v", diags)
		}
		if got := diags[0].Summary() + ": " + diags[0].Detail(); !strings.HasPrefix(got, want) || strings.Contains(got, "the migration") || strings.Contains(got, "context") {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestCancelledBeforeItsTurn: what waited for others has begun nothing, so that
// nothing of it can remain.
func TestCancelledBeforeItsTurn(t *testing.T) {
	t.Parallel()
	p := fakeProvider(t)
	held := newEngine("", settings{concurrent: 1, lockDirectory: p.lockDirectory})
	release, err := held.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	server := newServer(t, p, `{"max_concurrent": 1}`)
	config := configuration(sourceFile(t), t.TempDir(), "")
	plan, _ := server.plan(instance{}, config)
	server.noErrors(plan.Diagnostics)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, diags := server.applyPlan(ctx, instance{}, plan, config)
	text := strings.Join(texts(diags), "\n")
	wantText(t, text, "ERROR: Migration cancelled", "was cancelled while it waited for others to end", "nothing was begun")
	if strings.Contains(text, "may have left") {
		t.Errorf("it is said to have left something: %s", text)
	}
}
