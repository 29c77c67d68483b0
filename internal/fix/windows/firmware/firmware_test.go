package firmware_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/firmware"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry/registrytest"
)

const (
	esp    = guest.WindowsESP
	loader = esp + "/EFI/Microsoft/Boot/bootmgfw.efi"
	store  = esp + "/EFI/Microsoft/Boot/BCD"
)

func TestFixFallbackLoader(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files             map[string]string
		esp, arch         string
		made, warns, fail string
	}{
		"none":               {map[string]string{loader: "MZ windows"}, esp, "x86_64", esp + "/EFI/Boot/bootx64.efi", "", ""},
		"an empty directory": {map[string]string{loader: "MZ windows", esp + "/EFI/BOOT": "dir"}, esp, "x86_64", esp + "/EFI/BOOT/bootx64.efi", "", ""},
		"for 32 bits":        {map[string]string{loader: "MZ windows"}, esp, "i386", esp + "/EFI/Boot/bootia32.efi", "OVMF for IA32", ""},
		"the same":           {map[string]string{loader: "MZ windows", esp + "/EFI/BOOT/BOOTX64.EFI": "MZ windows"}, esp, "x86_64", "", "", ""},
		"another":            {map[string]string{loader: "MZ windows", esp + "/EFI/BOOT/BOOTX64.EFI": "MZ another"}, esp, "x86_64", esp + "/EFI/BOOT/BOOTX64.EFI", "", ""},
		"another alone":      {map[string]string{esp + "/EFI/BOOT/BOOTX64.EFI": "MZ another"}, esp, "x86_64", "", "", ""},
		"no loader":          {map[string]string{esp + "/EFI/Other": "dir"}, esp, "x86_64", "", "bcdboot", ""},
		"no partition":       {nil, "", "x86_64", "", "bootmgfw.efi by hand", ""},
		"unknown processor":  {map[string]string{loader: "MZ"}, esp, "ia64", "", "bootmgfw.efi by hand", ""},
		"no program":         {map[string]string{loader: "damaged"}, esp, "x86_64", "", "", "no EFI program"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := edittest.New(t, edit.Guest{FS: guesttest.New(t, test.files)})
			err := firmware.FixFallbackLoader(e, test.esp, test.arch)
			if test.fail != "" {
				if err == nil || !strings.Contains(err.Error(), test.fail) {
					t.Errorf("error = %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			changes, warnings := e.Take()
			if test.warns != "" && (len(warnings) != 1 || !strings.Contains(warnings[0].Remedy, test.warns)) || test.warns == "" && len(warnings) > 0 {
				t.Errorf("warnings are %+v", warnings)
			}
			if test.made == "" {
				if len(changes) > 0 {
					t.Errorf("changed: %+v", changes)
				}
				return
			}
			if got, err := e.ReadFile(test.made); err != nil || string(got) != test.files[loader] || len(changes) != 1 {
				t.Errorf("%s has %q, %v; changes are %+v", test.made, got, err, changes)
			}
		})
	}
}

const manager = `Objects\{9dea862c-5cdd-4e70-acc1-f32b344d4795}\Elements\23000003`

// bootStore starts the first of two entries without graphics.
func bootStore() map[string][]registry.Value {
	text := func(text string) []registry.Value {
		return []registry.Value{registry.TextValue("Element", registry.String, text)}
	}
	return map[string][]registry.Value{
		manager:                           text("{one}"),
		`Objects\{one}\Elements\16000046`: {{Name: "Element", Type: registry.Binary, Data: []byte{1}}},
		`Objects\{one}\Elements\12000004`: text("Windows"),
		`Objects\{two}\Elements\16000046`: {{Name: "Element", Type: registry.Binary, Data: []byte{1}}},
	}
}

func TestFixStore(t *testing.T) {
	t.Parallel()
	const want = `--- HKEY_LOCAL_MACHINE\BCD00000000
+++ HKEY_LOCAL_MACHINE\BCD00000000
-[Objects\{one}\Elements\16000046]
`
	dirty := registrytest.Build(bootStore())
	dirty[4]++
	registrytest.Sign(dirty)
	without := bootStore()
	delete(without, manager)
	for name, test := range map[string]struct {
		store []byte
		diff  string
		warns bool
	}{
		"without graphics": {registrytest.Build(bootStore()), want, false},
		"no default entry": {registrytest.Build(without), "", false},
		"a real one":       {registrytest.Load(t, "../../../registry/testdata", "uefi-or-bios-BCD"), "", false},
		"dirty":            {dirty, "", true},
		"damaged":          {[]byte("x"), "", true},
		"no store":         {nil, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{esp + "/EFI": "dir"}
			if test.store != nil {
				files[store] = string(test.store)
			}
			tree := guesttest.New(t, files)
			e := edittest.New(t, edit.Guest{FS: tree, Hives: edittest.Hives{T: t, Files: tree}})
			for n, want := range []string{test.diff, ""} { // the second time changes nothing, and the same is warned of once
				if err := firmware.FixStore(e, esp); err != nil {
					t.Fatal(err)
				}
				changes, warnings := e.Take()
				got := ""
				for _, change := range changes {
					got += change.Diff
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
				if (len(warnings) > 0) != (test.warns && n == 0) {
					t.Errorf("warnings are %+v", warnings)
				}
			}
			if got, err := tree.ReadFile(store); test.warns && test.store != nil && (err != nil || string(got) != string(test.store)) {
				t.Errorf("the store was changed: %v", err)
			}
		})
	}
}
