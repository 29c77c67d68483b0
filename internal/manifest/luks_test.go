package manifest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

func TestValidateLUKSKeys(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		keys string
		want []string
	}{
		"good": {`[
			{"device": "UUID=0a1b", "key": "secret"}, {"device": "/dev/sda5", "key_file": "k"},
			{"device": "all", "key": "x"}, {"device": null, "key": "x", "key_file": null}
		]`, nil},
		"none": {`null`, nil},
		"no key": {`[{"device": "all"}, {"key": ""}]`, []string{
			`source.luks_keys[0]: has no key: give key (the passphrase) or key_file (a file that holds it)`,
			`source.luks_keys[1]: has no key: give key (the passphrase) or key_file (a file that holds it)`,
		}},
		"both": {`[{"key": "secret", "key_file": "k"}]`, []string{
			`source.luks_keys[0]: has both key and key_file: give one of the two`,
		}},
		"device": {`[{"device": "sda5", "key": "secret"}]`, []string{
			`source.luks_keys[0].device: "sda5" is not a device as a guest names one: use "UUID=...", a path such as "/dev/sda5", or "all"`,
		}},
		"NUL": {`[{"key": "sec\u0000ret"}]`, []string{
			`source.luks_keys[0].key: holds a NUL character, which no passphrase has`,
		}},
		"unknown field": {`[{"key": "secret", "passphrase": "x"}]`, []string{
			`source.luks_keys[0].passphrase: unknown field: source.luks_keys[0] has device, key, key_file`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assertErrors(t, minimal(t, map[string]string{
				"source": `{"type": "raw", "path": "d", "luks_keys": ` + test.keys + `}`,
			}), test.want)
		})
	}
}

func TestPassphrases(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	for name, test := range map[string]struct {
		content string
		want    []string
		err     string
	}{
		"plain":         {"secret", []string{"secret"}, ""},
		"line":          {"secret\n", []string{"secret", "secret\n"}, ""},
		"Windows line":  {"secret\r\n", []string{"secret", "secret\r\n"}, ""},
		"several lines": {"sec\nret\n", []string{"sec\nret", "sec\nret\n"}, ""},
		"empty":         {"\n", nil, "is empty"},
		"binary":        {"sec\x00ret", nil, "luksAddKey"},
		"large":         {strings.Repeat("secret", 20000), nil, "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(directory, name)
			if err := os.WriteFile(file, []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := manifest.LUKSKey{KeyFile: file}.Passphrases()
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			switch {
			case test.err == "" && err != nil:
				t.Error(err)
			case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
				t.Errorf("error %v, want one with %q", err, test.err)
			case err != nil && strings.Contains(err.Error(), "ret"):
				t.Errorf("the error shows the key: %v", err)
			}
		})
	}
	if _, err := (manifest.LUKSKey{KeyFile: directory}).Passphrases(); err == nil {
		t.Error("a directory was read")
	}
}

func TestDigestWithoutKeys(t *testing.T) {
	t.Parallel()
	digest := func(key string) string {
		m := decode(t, minimal(t, nil))
		m.Source.LUKSKeys = []manifest.LUKSKey{{Key: key}}
		sum, err := m.Digest()
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	if digest("1234") != digest("1235") {
		t.Error("the digest tells keys apart, so that short ones can be guessed")
	}
}
