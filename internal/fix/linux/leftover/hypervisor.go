package leftover

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/netconf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

var (
	// driver names modules that drive devices of VMware, Hyper-V, VirtualBox or Xen.
	driver = regexp.MustCompile(`(?:^|[^A-Za-z0-9_.-])(vmw_(?:pvscsi|balloon|vmci|vsock_vmci_transport)|vmxnet3?|vmwgfx|vmhgfs|vmblock|vmci|pvscsi|vmmemctl|hv_(?:vmbus|storvsc|netvsc|utils|balloon|sock|pci)|hyperv_(?:fb|keyboard|drm)|hid_hyperv|pci_hyperv|` +
		`vbox(?:guest|sf|video)|xen[-_](?:blkfront|netfront|fbfront|kbdfront|scsifront)|xen[-_]platform[-_]pci|prl_(?:tg|fs|eth))(?:$|[^A-Za-z0-9_.-])`)
	// device is one that only such a hypervisor has.
	device = regexp.MustCompile(`(?:^|[^A-Za-z0-9_/])(/dev/(?:vmci|vmmon|vmbus/[A-Za-z0-9_]+|ptp_hyperv|vboxguest|vboxuser|xen/[a-z]+|hvc0|xconsole0)|/(?:proc|sys)/[A-Za-z0-9_/]*(?:vmbus|hypervisor/uuid|xen/)[A-Za-z0-9_/]*|/mnt/hgfs)(?:$|[^A-Za-z0-9_])`)
	// tool is a program that speaks to the hypervisor, and fails on another.
	tool = regexp.MustCompile(`(?:^|[\s"'=@!|&;(/-])((?:vmware-(?:rpctool|toolbox-cmd|guestd|checkvm|hgfsclient|xferlogs|user|vmblock-fuse|tools)|vmtoolsd|vmhgfs-fuse|VBoxService|VBoxControl|hv_(?:kvp|vss|fcopy)_daemon|xenstore-(?:read|write|ls)|xe-daemon|prltoolsd)(?:\.service)?)(?:$|[\s"';|&)])`)
	// service is a unit of the hypervisor's tools.
	service = regexp.MustCompile(`^(vmtoolsd|open-vm-tools|vgauthd|vgauth|vmware-[a-z-]+|vmware|run-vmblock.*|(?:hyperv-daemons\.)?hv-(?:kvp|vss|fcopy)-daemon|waagent|walinuxagent|hyperv?-?daemons|hyperv(?:kvp|vss|fcopy)d|hv_(?:kvp|vss|fcopy)_daemon|vboxadd(?:-service|-x11)?|vboxservice|virtualbox-guest-utils|xe-daemon|xe-linux-distribution|xenstored|prltoolsd|prltools)(\.service|\.mount)?$`)
)

// needs are the settings of a unit that fail it with another one.
var needs = regexp.MustCompile(`^\s*(Requires|Requisite|BindsTo|RequiresMountsFor)\s*=`)

// driverMatch is a condition of a udev rule.
var driverMatch = regexp.MustCompile(`(?:DRIVERS?|ENV\{ID_NET_DRIVER\})\s*==\s*"(?:vmxnet3?|vmw_pvscsi|hv_netvsc|hv_storvsc|vif|vbd)[^"|]*"`)

// screenDriver is a driver of xorg.conf(5) for one hypervisor's graphics card.
var screenDriver = regexp.MustCompile(`^\s*(?i:Driver)\s+"(vmware|vboxvideo|prlvideo|hyperv)"`)

// moduleLists are files in which a word is a module.
var moduleLists = regexp.MustCompile(`^/etc/(modprobe\.(d/.*|conf)|modules(\.conf)?|modules-load\.d/.*|initramfs-tools/modules|dracut\.conf(\.d/.*)?|mkinitcpio\.conf(\.d/.*)?|booster\.yaml|genkernel\.conf|sysconfig/kernel|conf\.d/modules)$`)

// hypervisorIn are the drivers, devices and programs of the old hypervisor in a
// line.
func (s *scan) hypervisorIn(file, line string) []edit.Note {
	var found []edit.Note
	if moduleLists.MatchString(file) && !strings.HasPrefix(strings.TrimSpace(line), "blacklist") && !strings.HasPrefix(strings.TrimSpace(line), "omit_drivers") {
		if m := driver.FindStringSubmatch(line); m != nil {
			found = append(found, edit.Note{
				ID:      report.ConcernOldHypervisor,
				Message: fmt.Sprintf("%s drives a device of the old hypervisor, which the new machine does not have", m[1]),
				Remedy:  "remove it there; what it was set to has to be set for the virtio driver if it is still wanted",
			})
		}
		return found
	}
	if m := screenDriver.FindStringSubmatch(line); m != nil && strings.HasPrefix(file, "/etc/X11/") {
		found = append(found, edit.Note{
			ID:      report.ConcernOldHypervisor,
			Message: fmt.Sprintf("%q drives a graphics card of the old hypervisor: X finds no screen with it on the new machine, and nobody can log in there", m[1]),
			Remedy:  "remove the section Device that has it, so that X finds the card by itself, or write \"modesetting\" in its place",
		})
	}
	if m := driverMatch.FindStringSubmatch(line); m != nil && path.Ext(file) == ".rules" {
		found = append(found, edit.Note{
			ID:      report.ConcernOldHypervisor,
			Message: fmt.Sprintf("the rule is for a device of the old hypervisor (%s) and applies to none of the new machine", m[0]),
			Remedy:  "match the device by what it has on every machine, or remove the rule",
		})
	}
	if m := device.FindStringSubmatch(line); m != nil {
		found = append(found, edit.Note{
			ID:      report.ConcernOldHypervisor,
			Message: m[1] + " is there under the old hypervisor only",
			Remedy:  "remove the line, or what it belongs to: it fails on the new machine",
		})
	}
	if m := clock.FindStringSubmatch(line); m != nil && (strings.HasPrefix(file, "/etc/chrony") || runs(file, line)) && !s.loadsClock() {
		found = append(found, edit.Note{
			ID:      report.ConcernOldHypervisor,
			Message: m[1] + " is the clock of a device of the old machine; the new one has none of that name unless the guest loads the driver of KVM's (ptp_kvm), and what reads it does not start without: chronyd ends there, and the guest keeps no time",
			Remedy:  "have the guest load ptp_kvm at boot (a file in /etc/modules-load.d with that word), which makes /dev/ptp0; or remove the line, so that time comes from a server",
		})
	}
	if unit := neededService(line); unit != "" && strings.Contains(file, "/systemd/system/") && !service.MatchString(unitOf(file)) && !tool.MatchString(line) {
		found = append(found, edit.Note{
			ID:      report.ConcernOldHypervisor,
			Message: unit + " belongs to the tools of the old hypervisor, and does not start on the new machine: the unit that needs it does not either",
			Remedy:  "remove the line",
		})
	}
	if m := tool.FindStringSubmatch(line); m != nil && (runs(file, line) || needs.MatchString(line)) {
		found = append(found, edit.Note{
			ID:      report.ConcernOldHypervisor,
			Message: m[1] + " belongs to the tools of the old hypervisor, and fails on the new machine",
			Remedy:  "remove the line, or what needs it",
		})
	}
	return found
}

// clock is a clock by its number, which chrony.conf(5) calls a PHC, and which phc2sys(8)
// reads. Their order on the new machine is another, if it has any.
var clock = regexp.MustCompile(`(?:^\s*refclock\s+PHC\s+|\bphc2sys\b.*\s)(/dev/ptp[0-9]+)\b`)

// loadsClock reports whether the guest has the driver of KVM's clock loaded at boot.
func (s *scan) loadsClock() bool {
	loads := false
	for _, pattern := range []string{"/etc/modules", "/etc/modules-load.d/*.conf", "/usr/lib/modules-load.d/*.conf"} {
		_ = s.edit.EachFile(pattern, func(_, text string) error {
			loads = loads || ptpKVM.MatchString(text)
			return nil
		})
	}
	return loads
}

var ptpKVM = regexp.MustCompile(`(?m)^[ \t]*ptp_kvm[ \t]*$`)

// neededService is the service of the old hypervisor that a setting of a unit needs, or
// nothing. After= and PartOf= keep nothing from starting.
func neededService(line string) string {
	if !needs.MatchString(line) {
		return ""
	}
	_, units, _ := strings.Cut(line, "=")
	for _, unit := range strings.Fields(units) {
		if service.MatchString(unit) {
			return unit
		}
	}
	return ""
}

// unitOf is the unit that a file, or a drop-in, is of.
func unitOf(file string) string {
	if directory := path.Base(path.Dir(file)); strings.HasSuffix(directory, ".d") {
		return strings.TrimSuffix(directory, ".d")
	}
	return path.Base(file)
}

// condition is a line of a unit without which it does not start.
var condition = regexp.MustCompile(`^\s*(?:Condition|Assert)(Virtualization|Host|Firmware)\s*=\s*(\S+)`)

// conditionsIn notes what keeps a unit of the guest's own from starting on the new
// machine. The old hypervisor's own tools are to be skipped there.
func (s *scan) conditionsIn(file, line, text string) []edit.Note {
	m := condition.FindStringSubmatch(line)
	if m == nil || !strings.HasPrefix(file, unitDirectory) || !netconf.IsOfOtherMachine(m[1], m[2]) {
		return nil
	}
	if service.MatchString(unitOf(file)) || tool.MatchString(text) || m[1] == "Host" && s.isOwnID(m[2]) {
		return nil
	}
	return []edit.Note{{
		ID:      report.ConcernOldCondition,
		Message: fmt.Sprintf("%s is met on the old machine only: the unit does not start on the new one", strings.TrimSpace(m[0])),
		Remedy:  "take the condition out if the unit is still wanted, or disable the unit",
	}}
}

// isOwnID reports whether an ID is the one that the guest keeps in a file of its own.
func (s *scan) isOwnID(id string) bool {
	own, _, err := s.edit.Read("/etc/machine-id")
	return err == nil && strings.EqualFold(strings.ReplaceAll(id, "-", ""), strings.TrimSpace(own))
}

// consoleLine is a line of inittab(5) that serves a console of Xen.
var consoleLine = regexp.MustCompile(`(?:^|[\s:])((?:hvc|xvc)[0-9])(?:$|[\s:])`)

func consolesIn(file, line string) []edit.Note {
	if m := consoleLine.FindStringSubmatch(line); m != nil && file == "/etc/inittab" {
		return []edit.Note{{
			ID:      report.ConcernOldHypervisor,
			Message: m[1] + " is a console that the old hypervisor has: init starts its login again and again on the new machine",
			Remedy:  "write what the new machine has in its place (ttyS0), or remove the line",
		}}
	}
	return nil
}

// startsProgram is a line of a unit that starts something; ordinary order (After=)
// does no harm.
var startsProgram = regexp.MustCompile(`^\s*Exec[A-Za-z]*\s*=`)

// runs reports whether a line of the file runs what it names.
func runs(file, line string) bool {
	switch {
	case strings.HasPrefix(file, "/etc/systemd/system/"):
		return startsProgram.MatchString(line)
	case strings.HasPrefix(file, "/etc/default/"), strings.HasPrefix(file, "/etc/sysconfig/"), strings.HasPrefix(file, "/etc/pam.d/"):
		return false
	case path.Ext(file) == ".rules":
		return strings.Contains(line, "RUN") || strings.Contains(line, "PROGRAM")
	}
	return true
}

// parameter is one of the kernel that is for a device of the old hypervisor.
var parameter = regexp.MustCompile(`(?:^|[\s"'])(console=(?:hvc0|tty?xvc0)|(?:modules_load|modules-load|rd\.driver\.pre|rdloaddriver)=[^\s"']*(?:vmw_|vmxnet|hv_|vbox|xen)[^\s"']*|video=hyperv_fb[^\s"']*|(?:ignition\.platform\.id|flatcar\.oem\.id|coreos\.oem\.id)=(?:vmware|hyperv|azure|virtualbox|nutanix|aws|ec2|gcp|gce|xen)[^\s"']*|xen_[a-z_]+=[^\s"']*)`)

func parametersIn(line string) []edit.Note {
	var found []edit.Note
	for _, m := range parameter.FindAllStringSubmatch(line, -1) {
		found = append(found, edit.Note{
			ID:      report.ConcernOldHypervisor,
			Message: "the kernel parameter " + m[1] + " is for a device of the old hypervisor",
			Remedy:  "remove it, or write what the new machine has in its place (console=ttyS0 for a serial console, ignition.platform.id=qemu)",
		})
	}
	return found
}
