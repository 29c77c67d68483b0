package storage_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/storage"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry/registrytest"
)

// TestAllowDevices: what a policy left in the hive goes, and nothing is added.
func TestAllowDevices(t *testing.T) {
	t.Parallel()
	const key = `ControlSet001\Control\PnP`
	for name, test := range map[string]struct {
		values []registry.Value
		want   string
	}{
		"a policy": {[]registry.Value{registry.NumberValue("DisableCDDB", 1), registry.NumberValue("dontstartrawdevices", 1), registry.NumberValue("PollBootPartitionTimeout", 30000)}, `--- SYSTEM
+++ SYSTEM
 [ControlSet001\Control\PnP]
-"DisableCDDB"=REG_DWORD 0x1
+"DisableCDDB"=REG_DWORD 0x0
-"dontstartrawdevices"=REG_DWORD 0x1
+"dontstartrawdevices"=REG_DWORD 0x0
`},
		"one that was taken back": {[]registry.Value{registry.NumberValue("DisableCDDB", 0), registry.NumberValue("DontStartRawDevices", 0)}, ""},
		"none":                    {nil, ""},
	} {
		e := registry.Edit(open(t, registrytest.Build(map[string][]registry.Value{key: test.values})))
		if err := storage.AllowDevices(e, registry.System{ControlSet: "ControlSet001"}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, registry.Diff("SYSTEM", e.Changes())); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestRestrictions(t *testing.T) {
	t.Parallel()
	const key = `Policies\Microsoft\Windows\DeviceInstall\Restrictions`
	for name, test := range map[string]struct {
		values []registry.Value
		want   []string
	}{
		"all": {[]registry.Value{registry.NumberValue("DenyDeviceClasses", 1), registry.NumberValue("DenyDeviceIDs", 1), registry.NumberValue("DenyUnspecified", 1)},
			[]string{"DenyUnspecified", "DenyDeviceIDs", "DenyDeviceClasses"}},
		"off":       {[]registry.Value{registry.NumberValue("DenyUnspecified", 0)}, nil},
		"removable": {[]registry.Value{registry.NumberValue("DenyRemovableDevices", 1)}, nil},
		"none":      {nil, nil},
	} {
		got, err := storage.Restrictions(open(t, registrytest.Build(map[string][]registry.Value{key: test.values})))
		if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v, %s", name, err, diff)
		}
	}
}
