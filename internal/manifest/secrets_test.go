package manifest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSecrets(t *testing.T) {
	t.Parallel()
	m := decode(t, minimal(t, map[string]string{"configuration": `{
		"users": {"create": [
			{"name": "a", "password": "$6$salt$hash"}, {"name": "b", "password": "$6$salt$hash"},
			{"name": "c", "password": "!"}, {"name": "d", "ssh_authorized_keys": ["ssh-rsa AAAA public"]}
		]},
		"network": {"systemd_networkd": [{"filename": "wg0.netdev", "content": "[A]\n  PrivateKey=abc\nDHCP=no\n"}]}
	}`}))
	want := []string{"[A]\n  PrivateKey=abc\nDHCP=no\n", "PrivateKey=abc", "$6$salt$hash"}
	if diff := cmp.Diff(want, m.Secrets()); diff != "" {
		t.Errorf("secrets (-want +got):\n%s", diff)
	}
	if got := decode(t, minimal(t, nil)).Secrets(); got != nil {
		t.Errorf("secrets of a manifest without configuration: %q", got)
	}
}
