package source

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/machine"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// openVMX opens the disks of a machine as it lies in VMware's own folder.
func (o *opening) openVMX(ctx context.Context, file section) error {
	entries, err := o.readVMX(file)
	if err != nil {
		return err
	}
	described := machine.OfVMX(entries)
	if err := refuseHostDisks(file, described); err != nil {
		return err
	}
	o.source.Machine = described
	if len(described.Disks) == 0 {
		return refuse(file.name+" describes a virtual machine without a disk", "name the .vmx file of a machine that has one")
	}
	return o.addMachineDisks(ctx, file, described.Disks)
}

// readVMX reads the text of a VMX file, and warns of what it does not tell well.
func (o *opening) readVMX(file section) (machine.VMX, error) {
	found, err := detect(file)
	if err != nil {
		return nil, err
	}
	if found != formatVMX && found != formatRaw {
		return nil, expect(file, TypeVMX, found)
	}
	if file.size > machine.MaxVMX {
		return nil, refuse(fmt.Sprintf("%s has %d bytes, and no VMX file has more than %d", file.name, file.size, machine.MaxVMX),
			"name the .vmx file, a small text file, in source.path")
	}
	text, err := file.read(0, file.size)
	if err != nil {
		return nil, err
	}
	entries, err := machine.ParseVMX(text)
	switch {
	case errors.Is(err, machine.ErrEncrypted):
		return nil, refuse(file.name+" is encrypted by VMware",
			"remove the encryption (and with it the TPM) from the virtual machine there, and copy its folder again")
	case err != nil:
		return nil, refuse(fmt.Sprintf("%s is no sound VMX file: %v", file.name, err),
			"correct that place or copy the file again; the disks can also be migrated alone, each with source.type vmdk")
	}
	if guessed := machine.GuessedEncoding(text); guessed != "" {
		o.warn(report.ConcernDescription, "check the names of the machine and of its networks in the report; correct .encoding in the file where they are wrong",
			"%s has letters that are not in the encoding that it declares; they are read as %s", file.name, guessed)
	}
	for _, warning := range entries.Warnings() {
		o.warn(warning.ID, warning.Remedy, "%s: %s", file.name, warning.Message)
	}
	return entries, nil
}

// refuseHostDisks refuses a machine whose data are on a disk of the old host.
func refuseHostDisks(file section, described *report.Machine) error {
	for _, device := range described.Passthrough {
		if device.Kind == report.PassthroughDisk || device.Kind == report.PassthroughSCSI {
			return report.Concerning(report.ConcernRDM, refuse(fmt.Sprintf("%s has a disk of the old host as it is (%s)", file.name, device.Name),
				"copy that disk into a VMDK there, or take it out of the .vmx file and migrate it with source.type raw"))
		}
	}
	return nil
}

// addMachineDisks opens the disks that a VMX file names, and notes which are snapshots.
func (o *opening) addMachineDisks(ctx context.Context, file section, disks []report.MachineDisk) error {
	taken := map[string]string{}
	for n, disk := range disks {
		s, err := o.files.neighbour(file, localName(disk.File))
		if err != nil {
			return fmt.Errorf("%s: %w", disk.Place, err)
		}
		if other, twice := taken[s.path]; twice {
			return refuse(fmt.Sprintf("%s has one disk, %s, at two places: %s and %s", file.name, s.name, other, disk.Place),
				"take one of them out of the .vmx file")
		}
		taken[s.path] = disk.Place
		o.warnOfSiblings(s.path, true)
		if err := o.addDisk(ctx, s, TypeVMDK); err != nil {
			return fmt.Errorf("%s: %w", disk.Place, err)
		}
		// A clone names its disk as it likes.
		disks[n].Snapshot = disk.Snapshot || o.source.Disks[n].Image.Backing != nil
	}
	return nil
}

// localName is a file's name as this host writes it. Relative names of Windows
// have its own separators.
func localName(name string) string {
	if strings.Contains(name, "/") || strings.Contains(name, ":") || strings.HasPrefix(name, `\`) {
		return name
	}
	return path.Clean(strings.ReplaceAll(name, `\`, "/"))
}
