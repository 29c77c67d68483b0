package machine

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// buses are those of disks, in the order in which a guest of VMware finds them: by
// the places of their controllers on the PCI bus.
var buses = []string{"ide", "scsi", "sata", "nvme"}

// place is where a drive is attached.
type place struct {
	bus              int // index into buses
	controller, unit int
}

func (p place) String() string { return fmt.Sprintf("%s%d:%d", buses[p.bus], p.controller, p.unit) }

// vmxDrive is a key that begins the entries of a drive, vmxNIC one of a network
// card, vmxPassthrough one of a device of the host.
var (
	vmxDrive       = regexp.MustCompile(`^(ide|scsi|sata|nvme)([0-9]{1,2}):([0-9]{1,2})\.present$`)
	vmxController  = regexp.MustCompile(`^(ide|scsi|sata|nvme)([0-9]{1,2})\.present$`)
	vmxNIC         = regexp.MustCompile(`^ethernet([0-9]{1,2})\.present$`)
	vmxPassthrough = regexp.MustCompile(`^(pcipassthru[0-9]{1,2})\.present$`)
	vmxPort        = regexp.MustCompile(`^((?:serial|parallel)[0-9]{1,2})\.present$`)
	vmxUSB         = regexp.MustCompile(`^usb\.autoconnect\.device[0-9]{1,2}$`)
	vmxSnapshot    = regexp.MustCompile(`(?i)-[0-9]{6}\.vmdk$`)
)

// OfVMX gathers what a VMX file tells about its machine.
func OfVMX(v VMX) *report.Machine {
	m := &report.Machine{
		ID: v.text("uuid.bios"), Name: v.text("displayName"), GuestType: v.text("guestOS"),
		VCPUs: int(cmp.Or(v.processors(), 1)), MemoryMiB: v.number("memsize"),
		Firmware:   firmwareOf(cmp.Or(v.text("firmware"), "bios")),
		SecureBoot: v.is("uefi.secureBoot.enabled"), TPM: v.is("vtpm.present") || v.text("managedvm.autoAddVTPM") != "",
		NVRAM:      v.text("nvram"),
		CPUHotPlug: v.is("vcpu.hotadd"), MemoryHotPlug: v.is("mem.hotadd"),
		CPUAffinity: affinityOf(v.text("sched.cpu.affinity")), NUMAAffinity: affinityOf(v.text("numa.nodeAffinity")),
		USB:       v.is("usb.present") || v.is("ehci.present") || v.is("usb_xhci.present"),
		Suspended: v.text("checkpoint.vmState") != "",
		BootOrder: list(v.text("bios.bootOrder")), BootDisks: list(v.text("bios.hddOrder")),
	}
	if v.text("rtc.diffFromUTC") == "0" {
		m.Clock = "utc"
	}
	v.addControllers(m)
	v.addDrives(m)
	v.addNICs(m)
	v.addPassthrough(m)
	return m
}

// processors is how many the file says there are, or 0.
func (v VMX) processors() int64 {
	if number := v.number("numvcpus"); number <= maxVCPUs {
		return number
	}
	return 0
}

// places are what keys of a kind name and is present, in their order.
func (v VMX) places(kind *regexp.Regexp) []place {
	var found []place
	for key := range v {
		match := kind.FindStringSubmatch(key)
		if match == nil || !v.is(key) {
			continue
		}
		p := place{bus: slices.Index(buses, match[1])}
		p.controller, _ = strconv.Atoi(match[2]) // the digits are few enough
		if len(match) > 3 {
			p.unit, _ = strconv.Atoi(match[3])
			// A key that says 01 for 1 is none that VMware reads.
			if key != p.String()+".present" {
				continue
			}
		}
		found = append(found, p)
	}
	slices.SortFunc(found, func(a, b place) int {
		return cmp.Or(a.bus-b.bus, a.controller-b.controller, a.unit-b.unit)
	})
	return found
}

func (v VMX) addControllers(m *report.Machine) {
	for _, p := range v.places(vmxController) {
		name := fmt.Sprintf("%s%d", buses[p.bus], p.controller)
		m.Controllers = append(m.Controllers, report.Controller{Name: name, Bus: buses[p.bus], Model: v.text(name + ".virtualDev")})
	}
}

// isDisk: a drive is a disk where it is not said to be something else.
func (v VMX) isDisk(p place) bool {
	kind := strings.ToLower(v.text(p.String() + ".deviceType"))
	return !slices.ContainsFunc([]string{"cdrom", "passthru", "raw", "plaindisk"}, func(other string) bool { return strings.Contains(kind, other) })
}

// addDrives takes for a disk what is not said to be something else, and has a file.
func (v VMX) addDrives(m *report.Machine) {
	for _, p := range v.places(vmxDrive) {
		at := p.String()
		file, kind := v.text(at+".fileName"), strings.ToLower(v.text(at+".deviceType"))
		switch {
		case strings.Contains(kind, "cdrom") && strings.Contains(kind, "image"):
			m.CDROMs = append(m.CDROMs, report.CDROM{Place: at, File: file})
		case strings.Contains(kind, "cdrom"):
			m.CDROMs = append(m.CDROMs, report.CDROM{Place: at})
		case strings.Contains(kind, "passthru"):
			m.Passthrough = append(m.Passthrough, report.Passthrough{Kind: report.PassthroughSCSI, Name: at})
		case strings.Contains(kind, "raw") || kind == "plaindisk":
			m.Passthrough = append(m.Passthrough, report.Passthrough{Kind: report.PassthroughDisk, Name: at})
		case file != "":
			m.Disks = append(m.Disks, v.disk(p, file))
		}
	}
}

func (v VMX) disk(p place, file string) report.MachineDisk {
	at := p.String()
	mode := strings.ToLower(v.text(at + ".mode"))
	bus := strings.ToLower(v.text(fmt.Sprintf("%s%d.sharedBus", buses[p.bus], p.controller)))
	return report.MachineDisk{
		Place: at, File: file,
		Independent: strings.HasPrefix(mode, "independent"),
		Discarding:  strings.HasSuffix(mode, "nonpersistent"),
		Shared: bus == "virtual" || bus == "physical" || v.is(at+".shared") ||
			strings.EqualFold(v.text(at+".sharing"), "multi-writer"),
		Snapshot: vmxSnapshot.MatchString(file),
	}
}

// cards are the numbers of the network cards.
func (v VMX) cards() []int {
	var cards []int
	for key := range v {
		if match := vmxNIC.FindStringSubmatch(key); match != nil && v.is(key) {
			number, _ := strconv.Atoi(match[1]) // two digits
			if key == fmt.Sprintf("ethernet%d.present", number) {
				cards = append(cards, number)
			}
		}
	}
	slices.Sort(cards)
	return cards
}

func (v VMX) addNICs(m *report.Machine) {
	for _, number := range v.cards() {
		m.NICs = append(m.NICs, v.nic(number))
	}
}

func (v VMX) nic(number int) report.NIC {
	name := fmt.Sprintf("ethernet%d", number)
	nic := report.NIC{
		Name: name, Model: v.text(name + ".virtualDev"), Network: v.network(name),
		Slot:   slotNumber(v.text(name + ".pciSlotNumber")),
		Static: strings.EqualFold(v.text(name+".addressType"), "static"),
	}
	chosen, made := macAddress(v.text(name+".address")), macAddress(v.text(name+".generatedAddress"))
	nic.MAC = cmp.Or(made, chosen)
	if nic.Static {
		nic.MAC = cmp.Or(chosen, made)
	}
	return nic
}

// network is what a card was connected to: a port group, one of a distributed
// switch by its id, a network of NSX by its id, or one of Workstation's.
func (v VMX) network(name string) string {
	kind := v.text(name + ".connectionType")
	if strings.EqualFold(kind, "custom") {
		kind = cmp.Or(v.text(name+".vnet"), kind)
	}
	return cmp.Or(v.text(name+".networkName"), v.text(name+".dvs.portgroupId"), v.text(name+".opaqueNetwork.id"), kind)
}

// addPassthrough takes a card by SR-IOV for a network card, too, as the guest does.
func (v VMX) addPassthrough(m *report.Machine) {
	var cards []report.NIC
	for key := range v {
		match := vmxPassthrough.FindStringSubmatch(key)
		if match == nil || !v.is(key) {
			continue
		}
		kind := report.PassthroughPCI
		if v.text(match[1]+".networkId") != "" || v.text(match[1]+".MACAddressType") != "" {
			kind = report.PassthroughSRIOV
			cards = append(cards, report.NIC{
				Name: match[1], Model: "sriov", Network: v.text(match[1] + ".networkName"), Slot: slotNumber(v.text(match[1] + ".pciSlotNumber")),
				MAC: macAddress(cmp.Or(v.text(match[1]+".generatedMACAddress"), v.text(match[1]+".MACAddress"))),
			})
		}
		m.Passthrough = append(m.Passthrough, report.Passthrough{Kind: kind, Name: match[1]})
	}
	m.Passthrough = append(m.Passthrough, v.portsOfHost()...)
	slices.SortFunc(m.Passthrough, func(a, b report.Passthrough) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(cards, func(a, b report.NIC) int { return strings.Compare(a.Name, b.Name) })
	m.NICs = append(m.NICs, cards...)
}

// portsOfHost are serial and parallel ports that are the host's own, and USB devices
// of the host that the machine takes when it starts.
func (v VMX) portsOfHost() []report.Passthrough {
	var found []report.Passthrough
	for key, value := range v {
		if match := vmxPort.FindStringSubmatch(key); match != nil && v.is(key) && strings.EqualFold(v.text(match[1]+".fileType"), "device") {
			found = append(found, report.Passthrough{Kind: report.PassthroughPort, Name: match[1]})
		}
		if vmxUSB.MatchString(key) && strings.TrimSpace(value) != "" {
			found = append(found, report.Passthrough{Kind: report.PassthroughUSB, Name: key})
		}
	}
	return found
}

// list are the words between commas.
func list(text string) []string {
	var words []string
	for word := range strings.SplitSeq(text, ",") {
		if word = strings.TrimSpace(word); word != "" {
			words = append(words, word)
		}
	}
	return words
}
