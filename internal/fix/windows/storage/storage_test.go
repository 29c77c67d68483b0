package storage_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/storage"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry/registrytest"
)

var update = flag.Bool("update", false, "write what is changed into testdata")

func open(t *testing.T, data []byte) *registry.Hive {
	t.Helper()
	hive, err := registry.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return hive
}

// machines are the real hives, and what is done to them.
var machines = []struct{ name, hive, arch string }{
	{"windows7", "windows7-vmware-SYSTEM", "i386"},
	{"windows10", "windows10-1709-vmware-SYSTEM", "x86_64"},
}

var tasks = map[string]func(*registry.Edited, registry.System, string) error{
	"sata": func(e *registry.Edited, s registry.System, _ string) error { return storage.PrepareSATA(e, s) },
	"viostor": func(e *registry.Edited, s registry.System, arch string) error {
		return storage.Install(e, s, arch, storage.Viostor)
	},
	"vioscsi": func(e *registry.Edited, s registry.System, arch string) error {
		return storage.Install(e, s, arch, storage.Vioscsi)
	},
}

// perform returns a hive as it is to be.
func perform(t *testing.T, hive registry.Reader, arch string, task func(*registry.Edited, registry.System, string) error) *registry.Edited {
	t.Helper()
	system, err := registry.ReadSystem(hive)
	if err != nil {
		t.Fatal(err)
	}
	edited := registry.Edit(hive)
	if err := task(edited, system, arch); err != nil {
		t.Fatal(err)
	}
	return edited
}

// TestRealMachines: what becomes of the hives of real machines. A second run has
// nothing to change.
func TestRealMachines(t *testing.T) {
	t.Parallel()
	for _, machine := range machines {
		hive := registrytest.Clean(registrytest.Load(t, "../../../registry/testdata", machine.hive))
		for name, task := range tasks {
			t.Run(machine.name+"-"+name, func(t *testing.T) {
				t.Parallel()
				edited := perform(t, open(t, hive), machine.arch, task)
				got := registry.Diff("SYSTEM", edited.Changes())
				file := filepath.Join("testdata", machine.name+"-"+name+".diff")
				if *update {
					if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), got); diff != "" {
					t.Error(diff)
				}
				if again := perform(t, edited, machine.arch, task).Changes(); len(again) > 0 {
					t.Errorf("a second run changes %s", registry.Diff("SYSTEM", again))
				}
			})
		}
	}
}

// TestAccWrittenByHivex: libhivex writes the changes into real hives, and then there
// is nothing left to change.
func TestAccWrittenByHivex(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("writes hives with hivexregedit, which make testacc has: set TF_ACC=1")
	}
	t.Parallel()
	for _, machine := range machines {
		hive := registrytest.Clean(registrytest.Load(t, "../../../registry/testdata", machine.hive))
		for name, task := range tasks {
			t.Run(machine.name+"-"+name, func(t *testing.T) {
				t.Parallel()
				changes := perform(t, open(t, hive), machine.arch, task).Changes()
				file, patch := filepath.Join(t.TempDir(), "SYSTEM"), filepath.Join(t.TempDir(), "patch.reg")
				for name, data := range map[string][]byte{file: hive, patch: []byte(registrytest.Patch(changes))} {
					if err := os.WriteFile(name, data, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				if out, err := exec.CommandContext(t.Context(), "hivexregedit", "--merge", file, patch).CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				data, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				written := open(t, data)
				if err := written.Check(); err != nil || written.Dirty() {
					t.Errorf("the hive is dirty: %v, %v", written.Dirty(), err)
				}
				if left := perform(t, written, machine.arch, task).Changes(); len(left) > 0 {
					t.Errorf("what is left to change: %s", registry.Diff("SYSTEM", left))
				}
			})
		}
	}
}

// TestPrepareSATAForWindows8: its drivers start as another key says. What is left of the
// driver that it had as a Windows 7 stays.
func TestPrepareSATAForWindows8(t *testing.T) {
	t.Parallel()
	const key = `ControlSet001\Services\storahci`
	hive := open(t, registrytest.Build(map[string][]registry.Value{
		key: {registry.NumberValue("Start", 0)}, key + `\StartOverride`: {registry.NumberValue("0", 3), registry.NumberValue("1", 0), registry.NumberValue("2", 4)},
		`ControlSet001\Services\msahci`: {registry.NumberValue("Start", 4), registry.NumberValue("ErrorControl", 3)},
	}))
	e := registry.Edit(hive)
	if err := storage.PrepareSATA(e, registry.System{ControlSet: "ControlSet001"}); err != nil {
		t.Fatal(err)
	}
	const want = `--- SYSTEM
+++ SYSTEM
 [ControlSet001\Services\storahci\StartOverride]
-"0"=REG_DWORD 0x3
+"0"=REG_DWORD 0x0
-"2"=REG_DWORD 0x4
+"2"=REG_DWORD 0x0
`
	if diff := cmp.Diff(want, registry.Diff("SYSTEM", e.Changes())); diff != "" {
		t.Error(diff)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	e := registry.Edit(open(t, registrytest.Build(map[string][]registry.Value{`ControlSet001\Services\atapi`: nil})))
	if err := storage.PrepareSATA(e, registry.System{ControlSet: "ControlSet001"}); !errors.Is(err, storage.ErrNoSATA) {
		t.Errorf("without SATA: %v", err)
	}
	if err := storage.Install(e, registry.System{ControlSet: "ControlSet001"}, "ia64", storage.Viostor); err == nil {
		t.Error("a driver for Itanium was installed")
	}
	if changes := e.Changes(); len(changes) > 0 {
		t.Errorf("changed: %+v", changes)
	}
}
