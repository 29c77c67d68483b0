package pipeline_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// The two cards of guests with two, and what the guests give them.
const (
	firstMAC, secondMAC         = "00:50:56:9a:0b:01", "00:50:56:9a:0a:02"
	firstAddress, secondAddress = "192.0.2.40/24", "198.51.100.40/24"
)

// addressesOfTwo is the configuration of both cards in each kind of it: static,
// by the names that VMware's slots give, and without a hardware address.
var addressesOfTwo = map[string]func() map[string]testguest.File{
	"ifupdown": func() map[string]testguest.File {
		text := "auto lo\niface lo inet loopback\n"
		for nic, address := range map[string]string{"ens192": firstAddress, "ens224": secondAddress} {
			text += fmt.Sprintf("\nauto %s\niface %s inet static\n\taddress %s\n", nic, nic, address)
		}
		return map[string]testguest.File{"/etc/network/interfaces": {Content: text}}
	},
	"netplan": func() map[string]testguest.File {
		return map[string]testguest.File{"/etc/netplan/50-cloud-init.yaml": {Mode: 0o600, Content: fmt.Sprintf(
			"network:\n  version: 2\n  renderer: networkd\n  ethernets:\n    ens192:\n      addresses: [%s]\n    ens224:\n      addresses:\n        - %s\n", firstAddress, secondAddress)}}
	},
	"networkd": func() map[string]testguest.File {
		const text = "[Match]\nName=%s\n\n[Network]\nAddress=%s\n"
		return map[string]testguest.File{
			"/etc/systemd/network/10-ens192.network": {Content: fmt.Sprintf(text, "ens192", firstAddress)},
			"/etc/systemd/network/10-ens224.network": {Content: fmt.Sprintf(text, "ens224", secondAddress)},
		}
	},
	"keyfiles": func() map[string]testguest.File {
		const text = "[connection]\nid=%s\nuuid=%s\ntype=ethernet\ninterface-name=%s\n\n[ipv4]\nmethod=manual\naddress1=%s\n\n[ipv6]\nmethod=disabled\n"
		const profiles = "/etc/NetworkManager/system-connections/"
		return map[string]testguest.File{
			profiles + "ens192.nmconnection": {Mode: 0o600, Content: fmt.Sprintf(text, "ens192", "5f0c7cfb-7d37-4c2d-9c8c-0f7d5a1e0c01", "ens192", firstAddress)},
			profiles + "ens224.nmconnection": {Mode: 0o600, Content: fmt.Sprintf(text, "ens224", "5f0c7cfb-7d37-4c2d-9c8c-0f7d5a1e0c02", "ens224", secondAddress)},
		}
	},
}

// cardLines has the guest print its cards with their hardware addresses before
// the report of its probe.
var cardLines = map[string]testguest.File{"/etc/systemd/system/testguest-probe.service.d/cards.conf": {
	Content: "[Service]\nExecStartPre=-/bin/sh -c 'udevadm settle; ip -br link | sed \"s/^/testguest-card: /\" >/dev/console'\n",
}}

var cardLine = regexp.MustCompile(`testguest-card: (\S+)\s+\S+\s+([0-9a-f]{2}(?::[0-9a-f]{2}){5})`)

// withTwoCards is a guest of a recipe with two cards, as one VMDK.
func withTwoCards(t *testing.T, recipe testguest.Recipe, kind string) string {
	t.Helper()
	directory := t.TempDir()
	layer := filepath.Join(directory, "layer.qcow2")
	qemuImg(t, "create", "-q", "-f", "qcow2", "-F", "vmdk", "-b", build(t, recipe), layer)
	files := addressesOfTwo[kind]()
	for name, file := range cardLines {
		files[name] = file
	}
	if err := testguest.CopyIn(t.Context(), testguest.BootDisk{Path: layer, Format: "qcow2"}, files); err != nil {
		t.Fatal(err)
	}
	vmdk := filepath.Join(directory, "guest.vmdk")
	qemuImg(t, "convert", "-f", "qcow2", "-O", "vmdk", layer, vmdk)
	if err := os.Remove(layer); err != nil {
		t.Fatal(err)
	}
	return vmdk
}

// machineFolder is the folder of a machine with UEFI, whose first disk is a chain
// of snapshots, with an empty second one and two cards in VMware's slots.
func machineFolder(t *testing.T, vmdk string) string {
	t.Helper()
	newest := snapshotChain(t, vmdk)
	directory := filepath.Dir(newest)
	run(t, directory, "qemu-img", "create", "-q", "-f", "vmdk", "data.vmdk", "64M")
	text := ".encoding = \"UTF-8\"\nconfig.version = \"8\"\nvirtualHW.version = \"19\"\ndisplayName = \"web\"\nnumvcpus = \"2\"\nmemsize = \"1024\"\nfirmware = \"efi\"\n" +
		"scsi0.present = \"TRUE\"\nscsi0.virtualDev = \"pvscsi\"\nscsi0:0.present = \"TRUE\"\nscsi0:0.fileName = \"" + filepath.Base(newest) + "\"\n" +
		"scsi0:1.present = \"TRUE\"\nscsi0:1.fileName = \"data.vmdk\"\n"
	for n, card := range []struct{ mac, slot string }{{firstMAC, "192"}, {secondMAC, "224"}} {
		key := fmt.Sprintf("ethernet%d.", n)
		text += key + "present = \"TRUE\"\n" + key + "virtualDev = \"vmxnet3\"\n" + key + "addressType = \"static\"\n" + key + "address = \"" + card.mac + "\"\n" +
			key + "pciSlotNumber = \"" + card.slot + "\"\n" + key + "networkName = \"Network " + card.slot + "\"\n"
	}
	path := filepath.Join(directory, "web.vmx")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestAccTwoCardsKeepTheirNames migrates guests with two cards and boots them on
// what `machine` says, but with the cards in each other's slots: each name and
// each address is on its own card.
func TestAccTwoCardsKeepTheirNames(t *testing.T) {
	t.Parallel()
	requireFullMatrix(t)
	byAddress := []manifest.NIC{{MAC: secondMAC, Addresses: []string{secondAddress}}, {MAC: firstMAC, Addresses: []string{"192.0.2.40"}}}
	byName := []manifest.NIC{{MAC: strings.ToUpper(firstMAC), Name: "ens192"}, {MAC: secondMAC, Name: "ens224"}}
	for _, test := range []struct {
		kind, recipe string
		nics         []manifest.NIC
		described    bool
	}{
		{"keyfiles", "debian12-uefi-btrfs", nil, true},
		{"keyfiles", "debian12-uefi-btrfs", byAddress, false},
		{"ifupdown", "debian12-bios-sda1", byAddress, false},
		{"netplan", "debian12-bios-cloud-init", byName, false},
		{"networkd", "debian13-uefi-systemd-boot", byAddress, false},
	} {
		name := test.kind + " as a disk"
		if test.described {
			name = test.kind + " as a machine"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recipe, err := testguest.Lookup(test.recipe)
			if err != nil {
				t.Fatal(err)
			}
			m := migration(withTwoCards(t, recipe, test.kind), t.TempDir())
			m.Source.NICs = test.nics
			if test.described {
				m.Source.Type, m.Source.Path = manifest.SourceVMX, machineFolder(t, m.Source.Path)
			}
			r, err := pipeline.Run(t.Context(), m, pipeline.Options{Acceleration: "auto"})
			if err != nil {
				t.Fatal(err)
			}
			logStages(t, r)
			for _, concern := range r.Concerns {
				if concern.ID == report.ConcernCardUnknown {
					t.Errorf("%+v", concern)
				}
			}
			if test.described && len(r.NewMachine.Disks) != 2 {
				t.Errorf("the new machine has %+v", r.NewMachine.Disks)
			}
			bootSwapped(t, r.NewMachine)
		})
	}
}

// bootSwapped boots what a machine needs, with its cards in each other's slots.
func bootSwapped(t *testing.T, needed *report.Hardware) {
	t.Helper()
	options := testguest.BootOptions{
		Firmware: testguest.Firmware(needed.Firmware), CPUs: needed.VCPUs, MemoryMiB: 1024, WaitForProbe: true, Timeout: 10 * time.Minute,
	}
	if needed.Disks[0].Bus != "virtio" || len(needed.NICs) != 2 {
		t.Fatalf("the new machine is %+v", needed)
	}
	for _, disk := range needed.Disks {
		options.Disks = append(options.Disks, testguest.BootDisk{Path: disk.Path, Format: disk.Format})
	}
	for _, nic := range slices.Backward(needed.NICs) {
		options.NICs = append(options.NICs, testguest.NIC{Model: nic.Model, MAC: nic.MAC})
	}
	result, err := testguest.Boot(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	if result.State != testguest.StateLogin || result.Probe == nil {
		t.Fatalf("the guest reached %q: %s\n%s", result.State, result.Reason, tail(result.Console))
	}
	cards := map[string]string{}
	for _, match := range cardLine.FindAllStringSubmatch(result.Console, -1) {
		if match[1] != "lo" {
			cards[match[1]] = match[2]
		}
	}
	if diff := cmp.Diff(map[string]string{"ens192": firstMAC, "ens224": secondMAC}, cards); diff != "" {
		t.Errorf("the guest's cards (-want +got)\n%s", diff)
	}
	addresses := map[string]string{}
	for _, a := range result.Probe.Addresses {
		for _, address := range a.Addresses {
			if a.Interface != "lo" && !strings.Contains(address, ":") {
				addresses[a.Interface] = address
			}
		}
	}
	if diff := cmp.Diff(map[string]string{"ens192": firstAddress, "ens224": secondAddress}, addresses); diff != "" {
		t.Errorf("the guest's addresses (-want +got)\n%s", diff)
	}
	t.Logf("login after %s: cards %v, addresses %v", result.Duration.Round(time.Second), cards, addresses)
}
