package initrd

import (
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/initramfs"
)

const (
	initramfsToolsModules = "/etc/initramfs-tools/modules"
	dracutDrivers         = "/etc/dracut.conf.d/90-hyper2kvm-virtio.conf"
)

// persistDrivers tells the guest's own tools about the drivers that their
// images lacked, so that the next image they make has them even where it is
// made on another machine. lacked is by the generator of the images.
func persistDrivers(e *edit.Editor, lacked map[initramfs.Generator][]string) error {
	if names := lacked[initramfs.GeneratorInitramfsTools]; len(names) > 0 {
		selection, err := moduleSelection(e)
		if err != nil {
			return err
		}
		// most takes all virtio drivers by itself.
		if selection != "most" {
			text, _, err := e.Read(initramfsToolsModules)
			if err != nil {
				return err
			}
			err = e.Rewrite(initramfsToolsModules, addModuleLines(text, names), 0o644, "keep the virtio drivers in later initramfs images", meantModules(names))
			if err != nil {
				return err
			}
		}
	}
	if names := lacked[initramfs.GeneratorDracut]; len(names) > 0 {
		text := "# The drivers of the disks on KVM, added by hyper2kvm.\nadd_drivers+=\" " + strings.Join(names, " ") + " \"\n"
		return e.Rewrite(dracutDrivers, text, 0o644, "keep the virtio drivers in later initramfs images", meantDrivers)
	}
	return nil
}

// moduleSelection returns the MODULES setting of initramfs-tools: "most",
// "dep" or "list". The last file that sets it wins.
func moduleSelection(e *edit.Editor) (string, error) {
	files, err := e.List("/etc/initramfs-tools/conf.d", "*")
	if err != nil {
		return "", err
	}
	selection := "most"
	for _, file := range append([]string{"/etc/initramfs-tools/initramfs.conf"}, files...) {
		text, _, err := e.Read(file)
		if err != nil {
			return "", err
		}
		values, err := conf.ShellValues(text)
		if err != nil {
			continue // initramfs-tools could not read it either
		}
		for _, v := range values {
			if v.Name == "MODULES" && v.Whole {
				selection = text[v.Start:v.End]
			}
		}
	}
	return selection, nil
}
