package services_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/services"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry/registrytest"
)

func open(t *testing.T, data []byte) *registry.Hive {
	t.Helper()
	hive, err := registry.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return hive
}

// TestRealMachines: what starts no more of the hives of real machines.
func TestRealMachines(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"windows7-vmware-SYSTEM": `--- SYSTEM
+++ SYSTEM
 [ControlSet001\Services\VMTools]
-"Start"=REG_DWORD 0x2
+"Start"=REG_DWORD 0x4
 [ControlSet001\Services\VMUpgradeHelper]
-"Start"=REG_DWORD 0x2
+"Start"=REG_DWORD 0x4
 [ControlSet001\Services\VMMemCtl]
-"Start"=REG_DWORD 0x2
+"Start"=REG_DWORD 0x4
 [ControlSet001\Services\vmdebug]
-"Start"=REG_DWORD 0x1
+"Start"=REG_DWORD 0x4
 [ControlSet001\Control\CrashControl]
-"AutoReboot"=REG_DWORD 0x1
+"AutoReboot"=REG_DWORD 0x0
`,
		"windows10-1709-vmware-SYSTEM": `--- SYSTEM
+++ SYSTEM
 [ControlSet001\Services\VMTools]
-"Start"=REG_DWORD 0x2
+"Start"=REG_DWORD 0x4
 [ControlSet001\Services\VGAuthService]
-"Start"=REG_DWORD 0x2
+"Start"=REG_DWORD 0x4
 [ControlSet001\Services\VMMemCtl]
-"Start"=REG_DWORD 0x2
+"Start"=REG_DWORD 0x4
 [ControlSet001\Services\VMRawDsk]
-"Start"=REG_DWORD 0x1
+"Start"=REG_DWORD 0x4
 [ControlSet001\Control\CrashControl]
-"AutoReboot"=REG_DWORD 0x1
+"AutoReboot"=REG_DWORD 0x0
`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := registry.Edit(open(t, registrytest.Load(t, "../../../registry/testdata", name)))
			system, err := registry.ReadSystem(e)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second time changes nothing
				if found, err := services.DisableTools(e, system); err != nil || !found {
					t.Fatalf("the tools are there: %v, %v", found, err)
				}
				if err := services.StopAtCrash(e, system); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, registry.Diff("SYSTEM", e.Changes())); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// TestNothingToDisable: neither a key nor a value is made for what is not there.
func TestNothingToDisable(t *testing.T) {
	t.Parallel()
	system := registry.System{ControlSet: "ControlSet001"}
	for name, test := range map[string]struct {
		keys  map[string][]registry.Value
		found bool
	}{
		"no tools":         {map[string][]registry.Value{`ControlSet001\Services\atapi`: {registry.NumberValue("Start", 0)}}, false},
		"a left-over key":  {map[string][]registry.Value{`ControlSet001\Services\VMTools\Parameters`: nil}, false},
		"on demand":        {map[string][]registry.Value{`ControlSet001\Services\VMTools`: {registry.NumberValue("Start", 3)}}, true},
		"disabled already": {map[string][]registry.Value{`ControlSet001\Services\VMTools`: {registry.NumberValue("Start", 4)}}, true},
		"not a number":     {map[string][]registry.Value{`ControlSet001\Services\VMTools`: {registry.TextValue("Start", registry.String, "2")}}, true},
	} {
		e := registry.Edit(open(t, registrytest.Build(test.keys)))
		found, err := services.DisableTools(e, system)
		if err != nil || found != test.found {
			t.Errorf("%s: found %v, %v", name, found, err)
		}
		if err := services.StopAtCrash(e, system); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if changes := e.Changes(); len(changes) > 0 {
			t.Errorf("%s: changes %s", name, registry.Diff("SYSTEM", changes))
		}
	}
}
