package manifest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

func TestSecrets(t *testing.T) {
	t.Parallel()
	m := decode(t, minimal(t, map[string]string{"configuration": `{
		"users": {"create": [
			{"name": "a", "password": "$6$salt$hash"}, {"name": "b", "password": "$6$salt$hash"},
			{"name": "c", "password": "!"}, {"name": "d", "ssh_authorized_keys": ["ssh-rsa AAAA public"]}
		]},
		"network": {
			"systemd_networkd": [{"filename": "wg0.netdev", "content": "[NetDev]\n  PrivateKey=abc\nDHCP=no\n"}],
			"netplan": [{"filename": "a.yaml", "content": "network: {a: planned}"}],
			"network_manager": [{"filename": "a.nmconnection", "content": "[connection]\ntype=wifi"}]
		},
		"first_boot": [{"name": "a", "content": "join --token=tok"}]
	}`}))
	want := []string{
		"[NetDev]\n  PrivateKey=abc\nDHCP=no\n", "[connection]\ntype=wifi", "network: {a: planned}", "join --token=tok",
		"PrivateKey=abc", "$6$salt$hash", "[connection]", "type=wifi", "[NetDev]",
	}
	if diff := cmp.Diff(want, m.Secrets()); diff != "" {
		t.Errorf("secrets (-want +got):\n%s", diff)
	}
	m = decode(t, minimal(t, map[string]string{
		"source": `{"type": "raw", "path": "d", "luks_keys": [{"key": "open"}, {"key": "abc"}, {"key_file": "/root/key"}]}`,
	}))
	if diff := cmp.Diff([]string{"open"}, m.Secrets()); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	if got := decode(t, minimal(t, nil)).Secrets(); got != nil {
		t.Errorf("secrets of a manifest without configuration: %q", got)
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	digest := func(edit func(*manifest.Manifest)) string {
		m := decode(t, minimal(t, map[string]string{"configuration": `{
			"users": {"create": [{"name": "a", "password": "$6$salt$hash"}]}, "first_boot": [{"name": "a", "content": "true"}]}`}))
		edit(m)
		sum, err := m.Digest()
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	same := digest(func(*manifest.Manifest) {})
	if digest(func(m *manifest.Manifest) { m.Configuration.FirstBoot[0].Name = "b" }) == same {
		t.Error("another manifest has the same digest")
	}
	if digest(func(m *manifest.Manifest) {
		m.Configuration.Users.Create[0].Password = "$6$salt$other"
		m.Configuration.FirstBoot[0].Content = "false"
	}) != same {
		t.Error("secrets can be guessed from the digest")
	}
}
