package bootloader

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/kernel"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// grubMenu is where a GRUB 2 has its menu, and the guest's tool that writes it.
type grubMenu struct{ directory, tool string }

var grubMenus = []grubMenu{
	{"/boot/grub", "/usr/sbin/grub-mkconfig"},
	{"/boot/grub2", "/usr/sbin/grub2-mkconfig"},
}

// Regenerate is for the menu that edits cannot help: that which starts no
// kernel of this guest, since its entries name kernels that are gone, or are
// gone themselves, and that with a root= that cannot be written over. The
// guest's own tool writes it anew. What the tool saw here and not in the guest
// is corrected later, and a menu that is no better is not kept.
func (c *Configuration) Regenerate(ctx context.Context) error {
	for _, menu := range grubMenus {
		if err := c.regenerateMenu(ctx, menu); err != nil {
			return err
		}
	}
	return nil
}

func (c *Configuration) regenerateMenu(ctx context.Context, menu grubMenu) error {
	e := c.edit
	file := path.Join(menu.directory, "grub.cfg")
	text, existed, err := e.Read(file)
	if err != nil || !readsMenu(e, menu, existed) {
		return err
	}
	problem := menuProblem(text, c.scope())
	if problem == "" {
		return nil
	}
	const remedy = "repair it in the guest (update-grub, or grub2-mkconfig -o) before the migration"
	if !e.Exists(menu.tool) || !e.CanRun() {
		e.Warn(report.ConcernMenuStarts, file+" "+problem+", and the guest has no "+menu.tool+" that could be run here", remedy)
		return nil
	}
	if kernels, err := kernel.List(e.Reader); err != nil || len(kernels) == 0 {
		return err // told with the initramfs images
	}
	if err := e.Keep(file); err != nil {
		return err
	}
	failure := e.Command(ctx, "write "+file+" anew, which "+problem, menu.tool, "-o", file)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	written, _, err := e.Read(file)
	if err != nil {
		return err
	}
	if failure == nil {
		scope := c.scope()
		scope.names.Appliance = true
		corrected, _ := editGrubConfig(written, scope)
		if problem := menuProblem(corrected, c.scope()); problem != "" {
			failure = menuError(problem)
		} else if !fitsFirmware(written, c.firmware) {
			failure = menuError("has commands of another firmware than the guest's")
		}
	}
	if failure == nil {
		e.Record(report.Change{
			Path: file, Action: edit.Written(existed), Description: "the new menu starts the guest's kernels", Diff: edit.Diff(file, text, written),
		})
		return nil
	}
	if existed && written != text {
		if err := e.Put(file, []byte(text), 0o644); err != nil {
			return err
		}
	}
	e.Warn(report.ConcernMenuStarts, file+" "+problem+", and "+menu.tool+" did not help: "+failure.Error(), remedy)
	return nil
}

// menuError is what is wrong with a menu that was just written.
type menuError string

func (e menuError) Error() string { return "what it wrote " + string(e) }

// readsMenu reports whether a GRUB that is installed reads the menu in this
// directory: its modules are there. One whose menu lies on the EFI system
// partition has none.
func readsMenu(e *edit.Editor, menu grubMenu, exists bool) bool {
	if exists && menu.tool == grubMenus[0].tool && e.Exists(grubMenus[1].directory+"/grub.cfg") {
		return false // left by an older loader, beside grub2
	}
	return slices.ContainsFunc([]string{"i386-pc", "x86_64-efi", "i386-efi", "arm64-efi"}, func(platform string) bool {
		return e.Exists(path.Join(menu.directory, platform, "normal.mod"))
	})
}

// menuProblem says why a GRUB menu does not start this guest, or nothing if it
// does. A menu whose entries are elsewhere is not judged.
func menuProblem(text string, s bootScope) string {
	starts := false
	for _, statement := range conf.ParseGrub(text) {
		command := statement.Command()
		if len(command) == 0 {
			continue
		}
		switch name := command[0].Text; {
		case name == "blscfg", name == "configfile":
			return ""
		case command.LoadsKernel():
			starts = starts || s.hasKernel(command.KernelImage())
		}
	}
	if !starts {
		return "starts no kernel that the guest has"
	}
	fixed, findings := editGrubConfig(text, s)
	if len(staleRoots(fixed, text, findings)) > 0 {
		return "names a root file system that cannot be corrected"
	}
	return ""
}

// fitsFirmware tells the commands of a patched GRUB apart that load a kernel on
// one firmware alone. The tool writes those of the firmware that it runs on.
func fitsFirmware(text, firmware string) bool {
	unfit := "linux16"
	if firmware == guest.FirmwareBIOS {
		unfit = "linuxefi"
	}
	return !slices.ContainsFunc(conf.ParseGrub(text), func(statement conf.GrubStatement) bool {
		command := statement.Command()
		return len(command) > 0 && strings.EqualFold(command[0].Text, unfit)
	})
}
