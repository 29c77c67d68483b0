package preflight_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/preflight"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/parttable"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry/registrytest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

const (
	systemHive   = "/Windows/System32/config/SYSTEM"
	softwareHive = "/Windows/System32/config/SOFTWARE"
)

// hive is a hive SYSTEM, or any other.
func hive() []byte {
	return registrytest.Build(map[string][]registry.Value{"Select": {registry.NumberValue("Current", 1)}, `ControlSet001\Services`: nil})
}

// dirty makes it one that was not written to its end.
func dirty(hive []byte) []byte {
	hive[4]++
	registrytest.Sign(hive)
	return hive
}

func files() map[string]string {
	return map[string]string{systemHive: string(hive()), softwareHive: string(hive())}
}

// sound is a guest that may be changed.
func sound() preflight.Guest {
	return preflight.Guest{
		OS:      guest.OS{Root: "/dev/sda2", Type: "windows", Product: "Windows Server 2019 Standard", Major: 10, Version: "10.0.17763"},
		Devices: guest.Devices{{Name: "/dev/sda", Kind: guest.KindDisk}, {Name: "/dev/sda2", Kind: guest.KindPartition, Partition: 2}, {Name: "/dev/sdb1", Disk: 1, Partition: 1}},
		Disks: []parttable.Disk{
			{PartitionTable: "dos", Partitions: []parttable.Partition{{Number: 1, MBRType: 7}, {Number: 2, MBRType: 7}}},
			{PartitionTable: "dos", Partitions: []parttable.Partition{{Number: 1, MBRType: 0x42}}},
		},
		Unclean: []string{"/dev/sdb1"},
	}
}

// TestCheck: each refusal says what to do, and of which kind it is.
func TestCheck(t *testing.T) {
	t.Parallel()
	type change struct {
		guest func(*preflight.Guest)
		files func(map[string]string)
	}
	of := func(guest func(*preflight.Guest)) change { return change{guest: guest} }
	in := func(name string, data []byte) change {
		return change{files: func(files map[string]string) { files[name] = string(data) }}
	}
	cut := hive()
	cut = cut[:len(cut)-4096]
	broken := hive()
	broken[4096+32] = 7 // no cell has such a length
	for name, test := range map[string]struct {
		change        change
		what, toDo    string
		kind          report.ConcernID
		isErr         error
		nothingIsSaid bool
	}{
		"sound":             {nothingIsSaid: true},
		"unknown version":   {change: of(func(g *preflight.Guest) { g.OS.Major = 0 }), what: "which Windows", toDo: "shut it down", kind: report.ConcernOS},
		"Windows XP":        {change: of(func(g *preflight.Guest) { g.OS.Major, g.OS.Product = 5, "Microsoft Windows XP" }), what: "Microsoft Windows XP is older", toDo: "IDE", kind: report.ConcernOS},
		"dynamic, MBR":      {change: of(func(g *preflight.Guest) { g.Disks[0].Partitions[1].MBRType = 0x42 }), what: "dynamic disk", toDo: "basic disk"},
		"dynamic, GPT":      {change: of(func(g *preflight.Guest) { g.Disks[0].Partitions[0].GPTType = "af9b60a0-1431-4f62-bc68-3311714a69ad" }), what: "dynamic disk", toDo: "basic disk"},
		"dynamic, metadata": {change: of(func(g *preflight.Guest) { g.Disks[0].Partitions[0].GPTType = "5808C8AA-7E8F-42E0-85D2-E1E90434CFB3" }), what: "dynamic disk", toDo: "basic disk"},
		"dynamic volume":    {change: of(func(g *preflight.Guest) { g.OS.Root = "/dev/mapper/ldm_vol_a_Volume1" }), what: "dynamic disk", toDo: "basic disk"},
		"dirty volume":      {change: of(func(g *preflight.Guest) { g.Unclean = append(g.Unclean, "/dev/sda2") }), what: "/dev/sda2", toDo: "chkdsk", kind: report.ConcernFilesystem},
		"dirty SYSTEM":      {change: in(systemHive, dirty(hive())), what: systemHive, toDo: "shutdown /s /t 0", kind: report.ConcernRegistry, isErr: registry.ErrDirty},
		"dirty SOFTWARE":    {change: in(softwareHive, dirty(hive())), what: softwareHive, toDo: "shutdown /s /t 0", kind: report.ConcernRegistry, isErr: registry.ErrDirty},
		"SYSTEM cut off":    {change: in(systemHive, cut), what: systemHive, toDo: "sfc", kind: report.ConcernRegistry, isErr: registry.ErrDamaged},
		"damaged SYSTEM":    {change: in(systemHive, broken), what: systemHive, toDo: "sfc", kind: report.ConcernRegistry, isErr: registry.ErrDamaged},
		"no SOFTWARE hive":  {change: in(softwareHive, []byte("x")), what: softwareHive, toDo: "sfc", kind: report.ConcernRegistry, isErr: registry.ErrDamaged},
		"no control set":    {change: in(systemHive, registrytest.Build(nil)), what: "control set", toDo: "sfc", kind: report.ConcernRegistry, isErr: registry.ErrDamaged},
		"no hives":          {change: change{files: func(files map[string]string) { clear(files); files["/etc"] = "dir" }}, what: "System32", kind: report.ConcernRegistry},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, content := sound(), files()
			if test.change.guest != nil {
				test.change.guest(&g)
			}
			if test.change.files != nil {
				test.change.files(content)
			}
			g.Editor = edittest.Of(t, guesttest.New(t, content))
			err := preflight.Check(g)
			if test.nothingIsSaid {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.what) {
				t.Fatalf("error = %v, want one that says %q", err, test.what)
			}
			if !strings.Contains(remedy.Of(err), test.toDo) {
				t.Errorf("the remedy is %q, want %q", remedy.Of(err), test.toDo)
			}
			if kind := report.ConcernOf(err); kind == "" || test.kind != "" && kind != test.kind {
				t.Errorf("it is of the kind %q, want %q", kind, test.kind)
			}
			if test.isErr != nil && !errors.Is(err, test.isErr) {
				t.Errorf("error = %v, want %v", err, test.isErr)
			}
		})
	}
}
