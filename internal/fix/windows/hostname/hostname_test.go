package hostname_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/hostname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry/registrytest"
)

// open opens the hive of a real machine.
func open(t *testing.T, name string) (*registry.Edited, registry.System) {
	t.Helper()
	data := registrytest.Clean(registrytest.Load(t, "../../../registry/testdata", name))
	hive, err := registry.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	system, err := registry.ReadSystem(hive)
	if err != nil {
		t.Fatal(err)
	}
	return registry.Edit(hive), system
}

func TestSet(t *testing.T) {
	t.Parallel()
	e, system := open(t, "windows10-1709-vmware-SYSTEM")
	for range 2 { // the second time nothing is changed
		if err := hostname.Set(e, system, "WEB01"); err != nil {
			t.Fatal(err)
		}
	}
	const want = `--- SYSTEM
+++ SYSTEM
 [ControlSet001\Control\ComputerName\ComputerName]
-"ComputerName"=REG_SZ "DESKTOP-2KGM189"
+"ComputerName"=REG_SZ "WEB01"
 [ControlSet001\Services\Tcpip\Parameters]
-"NV Hostname"=REG_SZ "DESKTOP-2KGM189"
+"NV Hostname"=REG_SZ "WEB01"
-"Hostname"=REG_SZ "DESKTOP-2KGM189"
+"Hostname"=REG_SZ "WEB01"
`
	if diff := cmp.Diff(want, registry.Diff("SYSTEM", e.Changes())); diff != "" {
		t.Error(diff)
	}
	renamed, err := registry.ReadSystem(e)
	if err != nil || renamed.Hostname != "WEB01" {
		t.Errorf("the guest is called %q, %v", renamed.Hostname, err)
	}
}

// TestMemberOfADomain: it keeps its name, and may be said to have it.
func TestMemberOfADomain(t *testing.T) {
	t.Parallel()
	e, system := open(t, "windows7-vmware-SYSTEM")
	if err := hostname.Set(e, system, "WEB01"); !errors.Is(err, hostname.ErrDomain) {
		t.Errorf("renamed: %v", err)
	}
	for _, name := range []string{system.Hostname, strings.ToLower(system.Hostname)} {
		if err := hostname.Set(e, system, name); err != nil {
			t.Errorf("the name that it has, as %s: %v", name, err)
		}
	}
	if changes := e.Changes(); len(changes) > 0 {
		t.Errorf("changed: %s", registry.Diff("SYSTEM", changes))
	}
}

// TestRoles: what is installed and off binds nothing.
func TestRoles(t *testing.T) {
	t.Parallel()
	for _, service := range []string{"CertSvc", "ClusSvc"} {
		for start, want := range map[uint32]error{2: hostname.ErrRole, 4: nil} {
			e, system := open(t, "windows10-1709-vmware-SYSTEM")
			if err := e.Set(system.ControlSet+`\Services\`+service, registry.NumberValue("Start", start)); err != nil {
				t.Fatal(err)
			}
			if err := hostname.Set(e, system, "WEB01"); !errors.Is(err, want) {
				t.Errorf("%s that starts by %d: %v", service, start, err)
			}
		}
	}
}
