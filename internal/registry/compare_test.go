package registry_test

import (
	"fmt"
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

// before is a hive that the tests here change, and edit all that a change can be.
func before() map[string][]registry.Value {
	return map[string][]registry.Value{
		`A\b`:         {text("x", "one"), text(`q"\`, "kept")},
		`A\gone`:      {text("y", "two")},
		`A\gone\deep`: {registry.NumberValue("n", 7)},
	}
}

func edit(t *testing.T, e *registry.Edited) {
	t.Helper()
	for _, err := range []error{
		e.Set(`A\b`, text("x", "changed")), e.Set(`A\b`, text("", "default")), e.Set(`A\new\key`, registry.NumberValue("n", 4)),
		e.Set(`A\new\key`, text("z", "beside")), e.DeleteKey(`A\gone`),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestCompareManyValues: the rules of the firewall of a server for many users, of which one
// was lost, one is another and one is new, and of which the order is another.
func TestCompareManyValues(t *testing.T) {
	t.Parallel()
	const count = 70_000
	rules := make([]registry.Value, count)
	for n := range rules {
		rules[n] = registry.NumberValue(fmt.Sprintf("{RULE-%06d}", n), uint32(n))
	}
	const key = `ControlSet001\FirewallRules`
	hive := open(t, registrytest.Build(map[string][]registry.Value{key: rules}))
	same, err := registry.Compare(registry.Edit(hive), hive)
	if err != nil || len(same) > 0 {
		t.Fatalf("of itself: %v, %v", same, err)
	}
	other := slices.Clone(rules)
	slices.Reverse(other)
	other[0], other[1] = registry.NumberValue("new", 1), registry.NumberValue(strings.ToLower(other[1].Name), 7)
	differences, err := registry.Compare(registry.Edit(hive), open(t, registrytest.Build(map[string][]registry.Value{key: other})))
	if err != nil {
		t.Fatal(err)
	}
	const want = `--- SYSTEM
+++ SYSTEM
 [ControlSet001\FirewallRules]
-"{RULE-069998}"=REG_DWORD 0x1116e
+"{RULE-069998}"=REG_DWORD 0x7
-"{RULE-069999}"=REG_DWORD 0x1116f
+"new"=REG_DWORD 0x1
`
	if diff := cmp.Diff(want, registry.Diff("SYSTEM", differences)); diff != "" {
		t.Error(diff)
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	hive := open(t, registrytest.Build(before()))
	e := registry.Edit(hive)
	edit(t, e)
	written := open(t, registrytest.Rebuild(t, e))
	if differences, err := registry.Compare(e, written); err != nil || len(differences) > 0 {
		t.Errorf("what was written differs from what was meant: %v, %v", registry.Diff("SYSTEM", differences), err)
	}
	differences, err := registry.Compare(registry.Edit(hive), written)
	if err != nil {
		t.Fatal(err)
	}
	const want = `--- SYSTEM
+++ SYSTEM
 [A\b]
-"x"=REG_SZ "one"
+"x"=REG_SZ "changed"
+@=REG_SZ "default"
-[A\gone]
 [A\new]
`
	if diff := cmp.Diff(want, registry.Diff("SYSTEM", differences)); diff != "" {
		t.Error(diff)
	}
}

// TestCompareFindsOneBit: in a real hive.
func TestCompareFindsOneBit(t *testing.T) {
	t.Parallel()
	hive := open(t, load(t, bootStore))
	e := registry.Edit(hive)
	const key = `Objects\{9dea862c-5cdd-4e70-acc1-f32b344d4795}\Elements\23000003`
	value, ok, err := registry.Get(hive, key, "Element")
	if err != nil || !ok {
		t.Fatalf("there is no %s: %v", key, err)
	}
	value.Data = append([]byte{}, value.Data...)
	value.Data[0] ^= 1
	if err := e.Set(key, value); err != nil {
		t.Fatal(err)
	}
	differences, err := registry.Compare(e, hive)
	if err != nil || len(differences) != 1 || differences[0].Key != key {
		t.Errorf("differences are %+v, %v", differences, err)
	}
	if differences, err := registry.Compare(registry.Edit(hive), hive); err != nil || len(differences) > 0 {
		t.Errorf("a hive differs from itself: %+v, %v", differences, err)
	}
}

const undo = "Windows Registry Editor Version 5.00\r\n" +
	"\r\n[HKLM\\SYSTEM\\A\\gone]\r\n\"y\"=hex(1):74,00,77,00,6f,00,00,00\r\n" +
	"\r\n[HKLM\\SYSTEM\\A\\gone\\deep]\r\n\"n\"=hex(4):07,00,00,00\r\n" +
	"\r\n[-HKLM\\SYSTEM\\A\\new]\r\n" +
	"\r\n[HKLM\\SYSTEM\\A\\b]\r\n@=-\r\n" +
	"\r\n[HKLM\\SYSTEM\\A\\b]\r\n\"x\"=hex(1):6f,00,6e,00,65,00,00,00\r\n"

func TestUndo(t *testing.T) {
	t.Parallel()
	hive := open(t, registrytest.Build(before()))
	e := registry.Edit(hive)
	edit(t, e)
	got, err := registry.Undo(hive, `HKLM\SYSTEM`, e.Changes())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(undo, got); diff != "" {
		t.Error(diff)
	}
}

// TestAccUndoByHivex: another program takes the changes back by that file.
func TestAccUndoByHivex(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("runs hivexregedit, which make testacc has: set TF_ACC=1")
	}
	t.Parallel()
	hive := open(t, registrytest.Build(before()))
	e := registry.Edit(hive)
	edit(t, e)
	got, err := registry.Undo(hive, `HKLM\SYSTEM`, e.Changes())
	if err != nil {
		t.Fatal(err)
	}
	file, patch := filepath.Join(t.TempDir(), "SYSTEM"), filepath.Join(t.TempDir(), "undo.reg")
	for name, data := range map[string][]byte{file: registrytest.Rebuild(t, e), patch: []byte(got)} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "hivexregedit", "--merge", "--prefix", `HKLM\SYSTEM`, file, patch).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if differences, err := registry.Compare(registry.Edit(hive), open(t, data)); err != nil || len(differences) > 0 {
		t.Errorf("what is left: %s, %v", registry.Diff("SYSTEM", differences), err)
	}
}
