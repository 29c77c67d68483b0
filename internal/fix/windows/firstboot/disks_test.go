package firstboot_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	windows "github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/firstboot"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry/registrytest"
)

// TestOnlineDisks: once, and what was is kept for the script.
func TestOnlineDisks(t *testing.T) {
	t.Parallel()
	const parameters = `ControlSet001\Services\partmgr\Parameters`
	policy := func(number uint32) map[string][]registry.Value {
		return map[string][]registry.Value{parameters: {registry.NumberValue("SanPolicy", number)}}
	}
	cluster := policy(2)
	cluster[`ControlSet001\Services\ClusSvc`] = nil
	for name, test := range map[string]struct {
		hive map[string][]registry.Value
		want string
	}{
		"a server": {policy(2), `--- SYSTEM
+++ SYSTEM
 [ControlSet001\Services\hyper2kvm-first-boot]
+"SanPolicy"=REG_DWORD 0x2
 [ControlSet001\Services\partmgr\Parameters]
-"SanPolicy"=REG_DWORD 0x2
+"SanPolicy"=REG_DWORD 0x1
`},
		"no policy": {map[string][]registry.Value{parameters: nil}, `--- SYSTEM
+++ SYSTEM
 [ControlSet001\Services\hyper2kvm-first-boot]
+"SanPolicy"=REG_DWORD 0x0
 [ControlSet001\Services\partmgr\Parameters]
+"SanPolicy"=REG_DWORD 0x1
`},
		"online already":    {policy(1), ""},
		"node of a cluster": {cluster, ""},
	} {
		e := registry.Edit(openHive(t, registrytest.Build(test.hive)))
		for range 2 {
			if err := windows.OnlineDisks(e, registry.System{ControlSet: "ControlSet001"}); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(test.want, registry.Diff("SYSTEM", e.Changes())); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestRealDisks: the hives of real machines have the policy where it is looked for.
func TestRealDisks(t *testing.T) {
	t.Parallel()
	for name, hive := range realHives(t) {
		system, err := registry.ReadSystem(hive)
		if err != nil {
			t.Fatal(err)
		}
		e := registry.Edit(hive)
		if err := windows.OnlineDisks(e, system); err != nil || len(e.Changes()) > 0 {
			t.Errorf("%s, whose policy is for all disks: %v, %+v", name, err, e.Changes())
		}
	}
}
