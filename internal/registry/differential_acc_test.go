package registry_test

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry/registrytest"
)

// exportedByHivex are the keys and values of a hive as libhivex reads them.
func exportedByHivex(t *testing.T, data []byte) map[string][]string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "hive")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "hivexregedit", "--export", file, `\`).Output()
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string][]string{}
	_, text, _ := bytes.Cut(out, []byte("\n\n"))
	for block := range bytes.SplitSeq(bytes.TrimSpace(text), []byte("\n\n")) {
		lines := strings.Split(string(block), "\n")
		slices.Sort(lines[1:])
		keys[lines[0]] = lines
	}
	return keys
}

// TestAccHivexReadsTheSame: all keys and all values of real hives are those that
// libhivex finds, byte for byte.
func TestAccHivexReadsTheSame(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("compares with hivexregedit, which make testacc has: set TF_ACC=1")
	}
	t.Parallel()
	made := registrytest.Build(map[string][]registry.Value{
		`A\b`: {registry.TextValue("", registry.String, "x"), registry.NumberValue("n", 7)}, `A\b\c`: {registry.TextsValue("l", "one", "two")}, "Z": nil,
	})
	for name, data := range map[string][]byte{
		windows7: load(t, windows7), windows10: load(t, windows10), bootStore: load(t, bootStore), "made": made,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, got := exportedByHivex(t, data), map[string][]string{}
			err := everything(open(t, data), "", 512, func(path string, values []registry.Value) error {
				lines := exported(path, values)
				got[lines[0]] = lines
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d keys", len(got))
			for _, path := range slices.Sorted(maps.Keys(want)) {
				if diff := cmp.Diff(want[path], got[path]); diff != "" {
					t.Fatalf("%s:\n%s", path, diff)
				}
			}
			if len(got) != len(want) {
				t.Errorf("%d keys, want %d", len(got), len(want))
			}
		})
	}
}
