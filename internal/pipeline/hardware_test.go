package pipeline

import (
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// A guest that nothing has prepared gets what every kernel of its kind boots
// from, unless its own kernel is known to boot from virtio.
func TestHardwareOfAGuestAsItIs(t *testing.T) {
	t.Parallel()
	windows := func(product string, major, minor int) *guest.OS {
		return &guest.OS{Type: "windows", Product: product, Major: major, Minor: minor}
	}
	linux := &guest.OS{Type: "linux", Product: "Debian GNU/Linux 12 (bookworm)"}
	ready := report.Kernel{Version: "6.1", BootsFrom: "virtio-blk", NICModel: "virtio"}
	scsi := report.Kernel{Version: "6.2", BootsFrom: "virtio-scsi", NICModel: "virtio"}
	unprepared := report.Kernel{Version: "6.3", NICModel: "virtio", EmulatedNIC: "e1000e"}
	cloud := report.Kernel{Version: "6.3", NICModel: "virtio"}
	stuck := report.Kernel{Version: "6.6", NICModel: "virtio", EmulatedNIC: "e1000e", LacksSATA: true}
	unread := report.Kernel{Version: "6.4", NICModel: "virtio", EmulatedNIC: "e1000e", Reason: "unknown compression"}
	old := report.Kernel{Version: "2.6.18", NICModel: "e1000"}
	legacy := report.Kernel{Version: "2.6.32", NICModel: "e1000", Virtio: map[string]string{"virtio_pci": report.PlaceLegacy, "virtio_blk": report.PlaceLegacy}}
	cardless := report.Kernel{Version: "6.5", BootsFrom: "virtio-blk", NICModel: "e1000e"}
	preferred := func(k report.Kernel) report.Kernel { k.Default = true; return k }
	for name, test := range map[string]struct {
		os      *guest.OS
		kernels []report.Kernel
		disk    string
		nic     string
		why     string // in the warning; empty for none
	}{
		"nobody looked":              {nil, nil, "sata", "e1000e", "its operating system is not known"},
		"unknown kind":               {&guest.OS{}, nil, "sata", "e1000e", "an unknown system"},
		"Windows Server 2022":        {windows("Windows Server 2022 Standard", 10, 0), nil, "sata", "e1000e", "Windows has no virtio drivers"},
		"Windows Vista":              {windows("Windows Vista", 6, 0), nil, "sata", "e1000e", "Windows has no virtio drivers"},
		"Windows Server 2003":        {windows("Windows Server 2003", 5, 2), nil, "ide", "rtl8139", "Windows Server 2003 is older than Vista"},
		"Windows XP":                 {windows("Microsoft Windows XP", 5, 1), nil, "ide", "rtl8139", "older than Vista"},
		"Windows NT 4":               {windows("Windows NT", 4, 0), nil, "ide", "rtl8139", "older than Vista"},
		"Windows of unknown version": {windows("", 0, 0), nil, "sata", "e1000e", "Windows has no virtio drivers"},
		"FreeBSD":                    {&guest.OS{Type: "freebsd", Product: "FreeBSD 14.1", Major: 14, Minor: 1}, nil, "sata", "e1000e", "FreeBSD 14.1"},
		"OpenBSD":                    {&guest.OS{Type: "openbsd"}, nil, "sata", "e1000e", "drivers of openbsd"},
		"DOS":                        {&guest.OS{Type: "dos"}, nil, "ide", "rtl8139", "drivers of dos"},
		"Linux without a kernel":     {linux, nil, "sata", "e1000e", "no kernel was found"},
		"Linux with virtio":          {linux, []report.Kernel{preferred(ready)}, "virtio", "virtio", ""},
		"Linux with virtio-scsi":     {linux, []report.Kernel{preferred(scsi)}, "scsi", "virtio", "kernel 6.2 has virtio_scsi and not virtio_blk"},
		"no card but virtio":         {linux, []report.Kernel{preferred(cloud)}, "sata", "virtio", "kernel 6.3"},
		"Linux without virtio":       {linux, []report.Kernel{preferred(unprepared)}, "sata", "e1000e", "kernel 6.3 has no virtio disk driver"},
		"Linux without any driver":   {linux, []report.Kernel{preferred(stuck)}, "sata", "e1000e", "none of a SATA disk (ahci): it starts from a disk as the old machine had it alone"},
		"initramfs not read":         {linux, []report.Kernel{preferred(unread)}, "sata", "e1000e", "(unknown compression)"},
		"virtio of before 1.0":       {linux, []report.Kernel{preferred(legacy)}, "sata", "e1000", "kernel 2.6.32 knows virtio devices as they were before"},
		"old Linux":                  {linux, []report.Kernel{preferred(old)}, "sata", "e1000", "kernel 2.6.18 has no virtio disk driver"},
		"no virtio_net":              {linux, []report.Kernel{preferred(cardless)}, "virtio", "e1000e", "kernel 6.5 has no virtio_net driver"},
		"the default kernel counts":  {linux, []report.Kernel{unprepared, preferred(ready), old}, "virtio", "virtio", ""},
		"and be it the worst":        {linux, []report.Kernel{ready, preferred(unprepared)}, "sata", "e1000e", "kernel 6.3"},
		"any kernel may boot":        {linux, []report.Kernel{ready, scsi, old}, "sata", "e1000", "kernel 2.6.18"},
		"cards of any kernel":        {linux, []report.Kernel{old, cardless, unprepared}, "sata", "e1000", "kernel 2.6.18"},
		"all kernels boot":           {linux, []report.Kernel{ready, ready}, "virtio", "virtio", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := unknownHardware
			if test.os != nil {
				got = hardwareFor(*test.os, test.kernels)
			}
			if got.diskBus != test.disk || got.nicModel != test.nic {
				t.Errorf("it is to be given %s and %s, want %s and %s", got.diskBus, got.nicModel, test.disk, test.nic)
			}
			if (got.reason != "") != (test.why != "") || (got.remedy != "") != (test.why != "") || !strings.Contains(got.reason, test.why) {
				t.Errorf("reason %q, remedy %q, want %q", got.reason, got.remedy, test.why)
			}
			if virtio := got.diskBus == "virtio" && got.nicModel == "virtio"; virtio != (got.reason == "") {
				t.Errorf("%s and %s with the reason %q", got.diskBus, got.nicModel, got.reason)
			}
		})
	}
}

func TestHardwareWarning(t *testing.T) {
	t.Parallel()
	for want, h := range map[string]hardware{
		"the guest as it is needs a SATA disk and an e1000e network card: why":                       commonHardware.because("why", ""),
		"the guest as it is needs an IDE disk and an rtl8139 network card: why":                      oldHardware.because("why", ""),
		"the guest as it is needs a disk on a virtio-scsi controller and a virtio network card: why": {"scsi", "virtio", "why", ""},
		"the guest as it is needs a virtio disk and an e1000 network card: why":                      {"virtio", "e1000", "why", ""},
	} {
		if got := h.warning(); got != want {
			t.Errorf("warning %q, want %q", got, want)
		}
	}
}

// The fix stage puts what the kernel has where it is needed.
func TestExpectedHardware(t *testing.T) {
	t.Parallel()
	linux := guest.OS{Type: "linux"}
	modules := map[string]string{"virtio_pci": "module", "virtio_blk": "module", "virtio_scsi": "module", "virtio_net": "module"}
	modern := report.Kernel{Virtio: modules, NICModel: "virtio"}
	old := report.Kernel{NICModel: "e1000"}
	preferred := func(k report.Kernel) report.Kernel { k.Default = true; return k }
	for name, test := range map[string]struct {
		os        guest.OS
		kernels   []report.Kernel
		disk, nic string
	}{
		"modules":                {linux, []report.Kernel{old, preferred(modern)}, "virtio", "virtio"},
		"nothing":                {linux, []report.Kernel{modern, preferred(old)}, "sata", "e1000"},
		"any of them may boot":   {linux, []report.Kernel{modern, old}, "sata", "e1000"},
		"no kernel":              {linux, nil, "sata", "e1000e"},
		"Windows":                {guest.OS{Type: "windows", Major: 10}, nil, "sata", "e1000e"},
		"old Windows":            {guest.OS{Type: "windows", Major: 5}, nil, "ide", "rtl8139"},
		"FreeBSD":                {guest.OS{Type: "freebsd"}, nil, "sata", "e1000e"},
		"nobody knows what":      {guest.OS{}, nil, "sata", "e1000e"},
		"a kernel, but no Linux": {guest.OS{Type: "windows", Major: 10}, []report.Kernel{preferred(modern)}, "sata", "e1000e"},
	} {
		if got := expectedHardware(test.os, test.kernels); got.diskBus != test.disk || got.nicModel != test.nic {
			t.Errorf("%s: %s and %s, want %s and %s", name, got.diskBus, got.nicModel, test.disk, test.nic)
		}
	}
}

func newFixingJob(fixing bool) job {
	m := &manifest.Manifest{Pipeline: manifest.DefaultPipeline()}
	m.Pipeline.Fix.Enabled = fixing
	return newJob(m, Options{})
}

// Inspection advises where no fix stage comes after it.
func TestInspectionAdvises(t *testing.T) {
	t.Parallel()
	xp := &guest.OS{Type: "windows", Product: "Microsoft Windows XP", Major: 5, Minor: 1}
	for name, test := range map[string]struct {
		os        *guest.OS
		fixing    bool
		disk, nic string
		warnings  int
	}{
		"nobody looked":            {nil, false, "sata", "e1000e", 1},
		"old Windows":              {xp, false, "ide", "rtl8139", 1},
		"it will be fixed":         {&guest.OS{Type: "plan9"}, true, "sata", "e1000e", 1},
		"Windows that is prepared": {&guest.OS{Type: "windows", Major: 10}, true, "sata", "e1000e", 0},
	} {
		j, disks := newFixingJob(test.fixing), examined{opened: opened{source: &source.Source{}}}
		var info report.Guest
		var err error
		if test.os == nil {
			info = describeUnknown(j, disks)
		} else {
			info, err = describeGuest(t.Context(), j, mounted{examined: disks, os: *test.os})
		}
		if err != nil {
			t.Fatal(err)
		}
		if info.DiskBus != test.disk || info.NICModel != test.nic || len(j.say.report.Warnings) != test.warnings {
			t.Errorf("%s: %s, %s, warnings %v", name, info.DiskBus, info.NICModel, j.say.report.Warnings)
		}
	}
}

// Fixes that do not touch the initramfs do not say what the guest boots from.
func TestFixStageAdvises(t *testing.T) {
	t.Parallel()
	const version = "6.1.0"
	builtin := map[string]string{
		"boot/vmlinuz-" + version:                     "kernel",
		"lib/modules/" + version + "/modules.builtin": "kernel/virtio_pci.ko\nkernel/virtio_blk.ko\nkernel/virtio_net.ko\n",
	}
	for name, test := range map[string]struct {
		files    map[string]string
		disk     string
		warnings int
	}{
		"no kernel":        {nil, "sata", 1},
		"drivers built in": {builtin, "virtio", 0},
	} {
		j := newFixingJob(true)
		given, err := asItIs(t.Context(), j.say, guest.OS{Type: "linux"}, "", edittest.Of(t, guesttest.New(t, test.files)))
		if err != nil {
			t.Fatal(err)
		}
		if given.DiskBus != test.disk || len(j.say.report.Warnings) != test.warnings {
			t.Errorf("%s: %s, warnings %v", name, given.DiskBus, j.say.report.Warnings)
		}
	}
}
