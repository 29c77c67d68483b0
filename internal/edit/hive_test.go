package edit_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry/registrytest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

var system = edit.Hive{Path: "/Windows/System32/config/SYSTEM", Name: "SYSTEM", Loaded: `HKEY_LOCAL_MACHINE\SYSTEM`}

const (
	backups = "/ProgramData/hyper2kvm/backup"
	service = `ControlSet001\Services\msahci`
)

func hiveOf(start uint32) []byte {
	return registrytest.Build(map[string][]registry.Value{
		service: {registry.NumberValue("Start", start), registry.NumberValue("Type", 1)}, `ControlSet001\Services\gone\Enum`: {registry.NumberValue("Count", 1)},
	})
}

// hiveEditor is an editor of a guest with that hive.
func hiveEditor(t *testing.T, hive []byte, spoil func([]registry.Change) []registry.Change) (*edit.Editor, *guesttest.Tree) {
	t.Helper()
	tree := guesttest.New(t, map[string]string{system.Path: string(hive)})
	return edittest.New(t, edit.Guest{FS: tree, Hives: edittest.Hives{T: t, Files: tree, Spoil: spoil}, Backups: backups}), tree
}

func start(number uint32) func(*registry.Edited) error {
	return func(e *registry.Edited) error {
		return errors.Join(e.Set(service, registry.NumberValue("Start", number)), e.DeleteKey(`ControlSet001\Services\gone`))
	}
}

func TestEditHive(t *testing.T) {
	t.Parallel()
	e, tree := hiveEditor(t, hiveOf(3), nil)
	if err := e.EditHive(system, "load the driver", start(0)); err != nil {
		t.Fatal(err)
	}
	changes, warnings := e.Take()
	want := []report.Change{{Path: system.Path, Action: report.ActionModified, Description: "load the driver", Diff: `--- HKEY_LOCAL_MACHINE\SYSTEM
+++ HKEY_LOCAL_MACHINE\SYSTEM
 [ControlSet001\Services\msahci]
-"Start"=REG_DWORD 0x3
+"Start"=REG_DWORD 0x0
-[ControlSet001\Services\gone]
`}}
	if diff := cmp.Diff(want, changes); diff != "" || len(warnings) > 0 {
		t.Errorf("%s; warnings: %v", diff, warnings)
	}
	undo, err := tree.ReadFile(backups + "/SYSTEM.reg")
	if err != nil || !bytes.HasPrefix(undo, []byte{0xFF, 0xFE, 'W', 0}) || e.BackupDirectory() != backups {
		t.Errorf("the old values are in %s: %q, %v", e.BackupDirectory(), undo, err)
	}
	text := strings.ReplaceAll(string(undo), "\x00", "")
	for _, line := range []string{`[HKEY_LOCAL_MACHINE\SYSTEM\` + service + "]\r\n\"Start\"=hex(4):03,00,00,00", `\gone\Enum]`} {
		if !strings.Contains(text, line) {
			t.Errorf("%q is not in %s", line, text)
		}
	}

	// Again: nothing is to do. Another change keeps what is kept.
	if err := e.EditHive(system, "load the driver", start(0)); err != nil {
		t.Fatal(err)
	}
	if changes, _ := e.Take(); len(changes) > 0 {
		t.Errorf("a second run changes %+v", changes)
	}
	if err := e.EditHive(system, "another", start(4)); err != nil {
		t.Fatal(err)
	}
	if again, err := tree.ReadFile(backups + "/SYSTEM.reg"); err != nil || !bytes.Equal(again, undo) {
		t.Errorf("what was kept is another now: %v", err)
	}
	if _, err := tree.Stat(backups + "/SYSTEM-2.reg"); err != nil {
		t.Error(err)
	}
}

// TestEditHiveWithoutBackup: nothing else is written.
func TestEditHiveWithoutBackup(t *testing.T) {
	t.Parallel()
	tree := guesttest.New(t, map[string]string{system.Path: string(hiveOf(3))})
	e, err := edit.New(edit.Guest{FS: tree, Hives: edittest.Hives{T: t, Files: tree}, Backups: backups}, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.EditHive(system, "x", start(0)); err != nil {
		t.Fatal(err)
	}
	if _, err := tree.Stat("/ProgramData"); err == nil || e.BackupDirectory() != "" {
		t.Error("values were kept")
	}
}

// TestEditHiveRefuses: a hive that must not be changed stays byte for byte.
func TestEditHiveRefuses(t *testing.T) {
	t.Parallel()
	dirty := hiveOf(3)
	dirty[4]++
	registrytest.Sign(dirty)
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		hive []byte
		plan func(*registry.Edited) error
		want error
	}{
		"dirty":       {dirty, start(0), registry.ErrDirty},
		"cut off":     {hiveOf(3)[:4096+32], start(0), registry.ErrDamaged},
		"no hive":     {[]byte("x"), start(0), registry.ErrDamaged},
		"broken plan": {hiveOf(3), func(e *registry.Edited) error { return errors.Join(start(0)(e), broken) }, broken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, tree := hiveEditor(t, test.hive, nil)
			if err := e.EditHive(system, "x", test.plan); !errors.Is(err, test.want) || !strings.Contains(err.Error(), system.Path) {
				t.Errorf("error = %v, want %v", err, test.want)
			}
			if got, err := tree.ReadFile(system.Path); err != nil || !bytes.Equal(got, test.hive) {
				t.Errorf("the hive was changed: %v", err)
			}
			if _, err := tree.Stat("/ProgramData"); err == nil {
				t.Error("something was kept")
			}
			if changes, _ := e.Take(); len(changes) > 0 {
				t.Errorf("recorded %+v", changes)
			}
		})
	}
}

// TestEditHiveReadsWhatWasWritten: whatever a writer does wrong is found.
func TestEditHiveReadsWhatWasWritten(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil func([]registry.Change) []registry.Change
		want  string
	}{
		"nothing":       {func([]registry.Change) []registry.Change { return nil }, `"Start"=REG_DWORD 0x0`},
		"not all":       {func(c []registry.Change) []registry.Change { return c[:1] }, "gone]"},
		"another value": {func(c []registry.Change) []registry.Change { c[0].After.Data[0] = 1; return c }, "REG_DWORD 0x1"},
		"something more": {func(c []registry.Change) []registry.Change {
			return append(c, registry.Change{Key: "Select", Name: "x", After: c[0].After})
		}, "[Select]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, _ := hiveEditor(t, hiveOf(3), func(changes []registry.Change) []registry.Change {
				copied := []registry.Change{}
				for _, change := range changes {
					if change.After != nil {
						after := *change.After
						after.Data = bytes.Clone(after.Data)
						change.After = &after
					}
					copied = append(copied, change)
				}
				return test.spoil(copied)
			})
			if err := e.EditHive(system, "x", start(0)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error = %v, want one that says %q", err, test.want)
			}
		})
	}
}

// TestEditHiveNeedsAWriter: without an appliance a guest is read and no more.
func TestEditHiveNeedsAWriter(t *testing.T) {
	t.Parallel()
	e := edittest.New(t, edit.Guest{FS: guesttest.New(t, map[string]string{system.Path: string(hiveOf(3))}), Backups: backups})
	if err := e.EditHive(system, "x", start(0)); err == nil || !strings.Contains(err.Error(), "cannot be written") {
		t.Errorf("error = %v", err)
	}
}
