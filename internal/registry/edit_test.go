package registry_test

import (
	"errors"
	"io/fs"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry/registrytest"
)

func text(name, text string) registry.Value { return registry.TextValue(name, registry.String, text) }

func TestEdit(t *testing.T) {
	t.Parallel()
	e := registry.Edit(open(t, registrytest.Build(map[string][]registry.Value{
		`A\b`: {text("x", "one"), registry.NumberValue("n", 3)}, `A\gone\deep`: {text("y", "two")}, `A\gone2`: nil,
	})))
	for _, err := range []error{
		e.Set(`a\B`, text("X", "one")),     // is so
		e.Set(`A\b`, text("x", "changed")), // changes
		e.Set(`A\b`, text("", "default")),
		e.Set(`A\new\key`, registry.NumberValue("n", 4)),
		e.Set(`A\New\Key`, registry.NumberValue("N", 4)), // is so
		e.Delete(`A\b`, "N"),
		e.Delete(`A\b`, "n"), // is gone
		e.Delete(`A\nothing`, "n"),
		e.DeleteKey(`A\GONE`),
		e.DeleteKey(`A\gone`), // is gone
		e.DeleteKey(`A\gone\deep`),
		e.Set(`A\gone\later`, text("z", "back")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	const want = `--- SYSTEM
+++ SYSTEM
 [A\b]
-"x"=REG_SZ "one"
+"x"=REG_SZ "changed"
+@=REG_SZ "default"
 [A\new\key]
+"n"=REG_DWORD 0x4
 [A\b]
-"n"=REG_DWORD 0x3
-[A\GONE]
 [A\gone\later]
+"z"=REG_SZ "back"
`
	if diff := cmp.Diff(want, registry.Diff("SYSTEM", e.Changes())); diff != "" {
		t.Error(diff)
	}
	if registry.Diff("SYSTEM", nil) != "" {
		t.Error("no changes are shown")
	}
	for path, want := range map[string][]string{"A": {"b", "gone2", "new", "gone"}, `A\gone`: {"later"}, `a\NEW`: {"key"}, `A\new\key`: nil} {
		if got, err := e.Keys(path); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s has the keys %q, %v", path, got, err)
		}
	}
	if values, err := e.Values(`A\b`); err != nil || !slices.EqualFunc(values, []registry.Value{text("x", "changed"), text("", "default")}, registry.Value.Equal) {
		t.Errorf("the values are %v, %v", values, err)
	}
	for _, path := range []string{`A\gone\deep`, `A\nothing`} {
		if _, err := e.Values(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the values of %s: %v", path, err)
		}
		if _, err := e.Keys(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the keys of %s: %v", path, err)
		}
	}
}
