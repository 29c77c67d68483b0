package pipeline_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// TestAccSourcesBoot migrates one guest from each kind of source it may come
// in, and boots it.
func TestAccSourcesBoot(t *testing.T) {
	requireAcceptance(t)
	if os.Getenv("HYPER2KVM_TEST_FULL") == "" {
		t.Skip("part of the full matrix: set HYPER2KVM_TEST_FULL=1 or run make testacc-full")
	}
	recipe, err := testguest.Lookup(testguest.Flagship)
	if err != nil {
		t.Fatal(err)
	}
	vmdk := build(t, recipe)
	for kind, prepare := range map[manifest.SourceType]func(*testing.T, string) string{
		manifest.SourceOVA: func(t *testing.T, vmdk string) string {
			return makeOVA(t, packagedMachine{name: "web01", disks: []string{vmdk}})
		},
		manifest.SourceVHD:   converter("vpc"),
		manifest.SourceQCOW2: converter("qcow2"),
		manifest.SourceRaw:   converter("raw"),
	} {
		t.Run(string(kind), func(t *testing.T) {
			m := migration(prepare(t, vmdk), t.TempDir())
			m.Source.Type = kind
			r, err := pipeline.Run(t.Context(), m, pipeline.Options{Acceleration: "auto"})
			if err != nil {
				t.Fatal(err)
			}
			logStages(t, r)
			if kind == manifest.SourceOVA {
				checkMachine(t, r.Pipeline.Stages[1].Result)
			}
			if result := boot(t, m.OutputPath(), recipe.Firmware); result.State != testguest.StateLogin {
				t.Fatalf("the migrated guest reached %q: %s\n%s", result.State, result.Reason, tail(result.Console))
			}
		})
	}
}

func checkMachine(t *testing.T, inspected json.RawMessage) {
	t.Helper()
	var result struct {
		Machine struct {
			Name      string
			VCPUs     int
			MemoryMiB int64 `json:"memory_mib"`
		}
	}
	if err := json.Unmarshal(inspected, &result); err != nil {
		t.Fatal(err)
	}
	if m := result.Machine; m.Name != "web01" || m.VCPUs != 2 || m.MemoryMiB != 1024 {
		t.Errorf("the descriptor's machine is %+v", m)
	}
}

// converter makes a source with qemu-img.
func converter(format string) func(*testing.T, string) string {
	return func(t *testing.T, vmdk string) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), "disk."+format)
		out, err := exec.Command("qemu-img", "convert", "-f", "vmdk", "-O", format, vmdk, path).CombinedOutput()
		if err != nil {
			t.Fatalf("qemu-img: %v: %s", err, out)
		}
		return path
	}
}
