package manifest_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWithoutSecrets(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/everything.json")
	if err != nil {
		t.Fatal(err)
	}
	m := decode(t, string(text))
	secrets := m.Secrets()
	if len(secrets) == 0 {
		t.Fatal("the manifest with everything has no secrets")
	}
	kept, err := m.WithoutSecrets()
	if err != nil {
		t.Fatal(err)
	}
	redacted, err := json.Marshal(kept)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range secrets {
		quoted, err := json.Marshal(secret)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(redacted), strings.Trim(string(quoted), `"`)) {
			t.Errorf("%q is still there: %s", secret, redacted)
		}
	}
	if diff := cmp.Diff(decode(t, string(text)), m); diff != "" {
		t.Errorf("the manifest itself was changed:\n%s", diff)
	}
	if kept.Source.Path != m.Source.Path || kept.Configuration.Users.Create[0].Name != m.Configuration.Users.Create[0].Name {
		t.Errorf("more than secrets was removed: %s", redacted)
	}
}
