// Package storage lets a Windows guest start from the disk of its new machine: the
// drivers that the boot loader has to load are said in its hive SYSTEM.
package storage

import (
	"errors"
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
)

// The numbers of winsvc.h for a driver of the kernel that the boot loader loads.
const (
	kernelDriver  = 1
	startAtBoot   = 0
	normalError   = 1
	scsiAdapter   = "{4D36E97B-E325-11CE-BFC1-08002BE10318}"
	scsiGroup     = "SCSI miniport"
	startOverride = "StartOverride"
)

// ErrNoSATA says that a Windows has no driver for SATA: it is older than Vista.
var ErrNoSATA = errors.New("this Windows has no driver for SATA disks")

// PrepareSATA has the boot loader load the driver for SATA that Windows brings,
// which it leaves out on a machine that has no such disk at its installation.
func PrepareSATA(e *registry.Edited, s registry.System) error {
	// From Windows 8, and until then. A Windows 8 that was a Windows 7 may have kept the
	// key of the latter without its program, and the boot loader stops where it is to load
	// a program that is not there.
	for _, driver := range []string{"storahci", "msahci"} {
		key := service(s, driver)
		switch has, err := registry.Has(e, key); {
		case err != nil:
			return err
		case has:
			return startEarly(e, key)
		}
	}
	return ErrNoSATA
}

// startEarly has the boot loader load a driver.
func startEarly(e *registry.Edited, key string) error {
	if err := e.Set(key, registry.NumberValue("Start", startAtBoot)); err != nil {
		return err
	}
	// From Windows 8 on this key says how the driver starts on which kind of
	// machine, and goes before the driver's own word.
	values, err := e.Values(key + `\` + startOverride)
	if err != nil && !registry.IsMissing(err) {
		return err
	}
	for _, value := range values {
		if number, ok := value.Number(); ok && number != startAtBoot {
			if err := e.Set(key+`\`+startOverride, registry.NumberValue(value.Name, startAtBoot)); err != nil {
				return err
			}
		}
	}
	return nil
}

// Driver is a driver of virtio-win for disks.
type Driver struct {
	// Name is that of its service and of its files.
	Name string
	// busType is what its disks are said to hang on, of STORAGE_BUS_TYPE: its INF
	// says the same.
	busType uint32
	// devices are what it drives: old and new forms of the same.
	devices []string
}

// The drivers that there are: virtio-blk and virtio-scsi.
var (
	Viostor = Driver{"viostor", 1, []string{"VEN_1AF4&DEV_1001&REV_00", "VEN_1AF4&DEV_1042&REV_01"}}
	Vioscsi = Driver{"vioscsi", 0x0A, []string{"VEN_1AF4&DEV_1004&REV_00", "VEN_1AF4&DEV_1048&REV_01"}}
)

// File is the driver's program, below the folder of Windows.
func (d Driver) File() string { return `system32\drivers\` + d.Name + ".sys" }

// architectures are the names that packages of drivers have for processors, by
// those of guests.
var architectures = map[string]string{"i386": "x86", "x86_64": "amd64", "aarch64": "arm64"}

// Install has the boot loader load a driver of virtio-win and Windows find it for
// its devices, as if it had been installed. The driver's program must be copied
// beside, to where File says.
func Install(e *registry.Edited, s registry.System, arch string, d Driver) error {
	processor, ok := architectures[arch]
	if !ok {
		return fmt.Errorf("there are no virtio drivers for Windows on %q", arch)
	}
	key := service(s, d.Name)
	for _, value := range []registry.Value{
		registry.NumberValue("Type", kernelDriver), registry.NumberValue("ErrorControl", normalError),
		registry.TextValue("Group", registry.String, scsiGroup), registry.TextValue("ImagePath", registry.Expand, d.File()),
	} {
		if err := e.Set(key, value); err != nil {
			return err
		}
	}
	if err := startEarly(e, key); err != nil {
		return err
	}
	if err := e.Set(key+`\Parameters`, registry.NumberValue("BusType", d.busType)); err != nil {
		return err
	}
	if s.DriverDatabase {
		return d.addPackage(e, processor)
	}
	return d.addCritical(e, s)
}

// addCritical tells Windows 7 and its elders what drives the devices.
func (d Driver) addCritical(e *registry.Edited, s registry.System) error {
	for _, device := range d.devices {
		key := s.ControlSet + `\Control\CriticalDeviceDatabase\PCI#` + device
		for _, value := range []registry.Value{
			registry.TextValue("Service", registry.String, d.Name), registry.TextValue("ClassGUID", registry.String, scsiAdapter),
		} {
			if err := e.Set(key, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// packageVersion is the value Version of a package: the class of its devices, and
// no date and version, so that every real one is a newer one.
var packageVersion = append([]byte{
	0x00, 0xff, 0x09, 0x00, 0x00, 0x00, 0x00, 0x00, 0x7b, 0xe9, 0x36, 0x4d, 0x25, 0xe3, 0xce, 0x11, 0xbf, 0xc1, 0x08, 0x00, 0x2b, 0xe1, 0x03, 0x18,
}, make([]byte, 24)...)

// addPackage tells Windows 8 and later what drives the devices.
func (d Driver) addPackage(e *registry.Edited, processor string) error {
	inf, configuration := d.Name+".inf", d.Name+"_conf"
	// Programs of Windows take labels apart: one of another form breaks them.
	label := inf + "_" + processor + "_0000000000000000"
	type edit struct {
		key   string
		value registry.Value
	}
	own := `DriverDatabase\DriverPackages\` + label
	edits := []edit{
		{`DriverDatabase\DriverInfFiles\` + inf, registry.TextsValue("", label)},
		{`DriverDatabase\DriverInfFiles\` + inf, registry.TextValue("Active", registry.String, label)},
		{`DriverDatabase\DriverInfFiles\` + inf, registry.TextsValue("Configurations", configuration)},
		{own, registry.Value{Name: "Version", Type: registry.Binary, Data: packageVersion}},
		{own + `\Configurations\` + configuration, registry.NumberValue("ConfigFlags", 0)},
		{own + `\Configurations\` + configuration, registry.TextValue("Service", registry.String, d.Name)},
	}
	for _, device := range d.devices {
		edits = append(edits,
			edit{`DriverDatabase\DeviceIds\PCI\` + device, registry.Value{Name: inf, Type: registry.Binary, Data: []byte{1, 0xff, 0, 0}}},
			edit{own + `\Descriptors\PCI\` + device, registry.TextValue("Configuration", registry.String, configuration)})
	}
	for _, edit := range edits {
		if err := e.Set(edit.key, edit.value); err != nil {
			return err
		}
	}
	return nil
}

func service(s registry.System, name string) string { return s.ControlSet + `\Services\` + name }
