// Package firmware lets UEFI firmware that knows nothing of a Windows guest start it,
// and the guest show what it does.
package firmware

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/layout"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// fallbacks are what firmware without boot entries starts, by the guest's processor.
var fallbacks = map[string]string{"x86_64": "bootx64.efi", "i386": "bootia32.efi", "aarch64": "bootaa64.efi"}

// maxLoader is a size in bytes that no boot loader has.
const maxLoader = 64 << 20

// FixFallbackLoader copies Windows' boot loader to where firmware without boot entries
// looks for one: those entries do not come along with the disks. Another one that lies
// there, of an older Windows or of a system that is gone, was not what they started. esp
// is where the EFI system partition is mounted, "" for none.
func FixFallbackLoader(e *edit.Editor, esp, arch string) error {
	const byHand = "choose \\EFI\\Microsoft\\Boot\\bootmgfw.efi by hand in the firmware's menu of the new machine"
	if esp == "" {
		e.Warn(report.ConcernFallbackLoader, "the guest boots by UEFI, and its EFI system partition was not found: whether the firmware finds something to start is not known", byHand)
		return nil
	}
	fallback, ok := fallbacks[arch]
	if !ok {
		e.Warn(report.ConcernFallbackLoader, "the guest boots by UEFI, and no boot loader is known for its processor ("+arch+")", byHand)
		return nil
	}
	if arch == "i386" {
		e.Warn(report.ConcernFallbackLoader, "the guest is a Windows for 32 bits that boots by UEFI: the usual UEFI firmware for KVM is for 64 bits, and starts nothing of it",
			"give the new machine UEFI firmware for 32 bits (OVMF for IA32: Debian's package ovmf-ia32)")
	}
	at, err := layout.Locate(e, esp+"/EFI/Boot/"+fallback)
	isThere := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	from, err := layout.Locate(e, esp+"/EFI/Microsoft/Boot/bootmgfw.efi")
	if errors.Is(err, fs.ErrNotExist) {
		if isThere {
			return nil
		}
		e.Warn(report.ConcernFallbackLoader, "the EFI system partition has no boot loader of Windows (EFI/Microsoft/Boot/bootmgfw.efi): the firmware may find nothing to start",
			"check that the source has all disks of its machine; \"bcdboot C:\\Windows\" in Windows' repair console writes it anew")
		return nil
	}
	if err != nil {
		return err
	}
	info, err := e.Stat(from)
	if err != nil {
		return err
	}
	if info.Size > maxLoader {
		return fmt.Errorf("%s in the guest has %d bytes and is no boot loader", from, info.Size)
	}
	program, err := e.ReadFile(from)
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(program, []byte("MZ")) {
		return fmt.Errorf("%s in the guest is no EFI program: its file system may be damaged", from)
	}
	if !isThere {
		directory, err := layout.Locate(e, esp+"/EFI/Boot")
		if errors.Is(err, fs.ErrNotExist) {
			directory, err = path.Join(path.Dir(path.Dir(path.Dir(from))), "Boot"), nil
		}
		if err != nil {
			return err
		}
		at = path.Join(directory, fallback)
	}
	return e.WriteBinary(at, program, 0o644, "start Windows by firmware that has no entry for it")
}

// What a boot configuration store has, by Microsoft's bcdedit: the boot manager, which
// entry it starts, and that an entry starts without graphics, which shows nothing with
// another card than the old machine's.
const (
	bootManager  = `Objects\{9dea862c-5cdd-4e70-acc1-f32b344d4795}\Elements`
	defaultEntry = bootManager + `\23000003`
	noGraphics   = "16000046"
)

// ShowGraphics has the default entry of a boot configuration store start with
// graphics.
func ShowGraphics(e *registry.Edited) error {
	value, _, err := registry.Get(e, defaultEntry, "Element")
	if err != nil {
		return err
	}
	entry := value.Text()
	if entry == "" || strings.Contains(entry, `\`) {
		return nil
	}
	return e.DeleteKey(`Objects\` + entry + `\Elements\` + noGraphics)
}

// FixStore does that in the store of an EFI system partition. One that cannot be changed
// is a warning: Windows starts, and may show nothing until it is up. So is one that is not
// there: the partition is that of another disk, or Windows' boot manager has nothing to start.
func FixStore(e *edit.Editor, esp string) error {
	store, err := layout.Locate(e, esp+"/EFI/Microsoft/Boot/BCD")
	if errors.Is(err, fs.ErrNotExist) {
		e.Warn(report.ConcernFallbackLoader, "the EFI system partition has no boot configuration store of Windows (EFI/Microsoft/Boot/BCD): the firmware may find nothing of Windows to start",
			"check that the source has all disks of its machine, and that of Windows first; \"bcdboot C:\\Windows\" in Windows' repair console writes it anew")
		return nil
	}
	if err != nil {
		return err
	}
	err = e.EditHive(edit.Hive{Path: store, Name: "BCD", Loaded: `HKEY_LOCAL_MACHINE\BCD00000000`}, "show Windows' start", ShowGraphics)
	if errors.Is(err, registry.ErrDirty) || errors.Is(err, registry.ErrDamaged) {
		e.Warn(report.ConcernFileNotEdited, "the boot configuration store was left as it is: "+err.Error(), "if Windows does not start, write it anew in its repair console (bcdboot C:\\Windows)")
		return nil
	}
	return err
}
