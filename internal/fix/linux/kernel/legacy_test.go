package kernel

import (
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// TestLegacyVirtio: what a machine of type q35 has is not driven by the drivers of
// Linux before 4.0, but by those that distributions brought back.
func TestLegacyVirtio(t *testing.T) {
	t.Parallel()
	const modern = "ELF ... virtio: device uses modern interface but does not have VIRTIO_F_VERSION_1"
	for name, test := range map[string]struct {
		version string
		module  string // what virtio_pci holds, "-" where the file is gone, "" for one that is built in
		symbols string // System.map
		legacy  bool
	}{
		"RHEL 6":                      {"2.6.32-754.el6.x86_64", "ELF", "", true},
		"Ubuntu 14.04":                {"3.13.0-170-generic", "ELF", "", true},
		"Debian 8, its file is gone":  {"3.16.0-11-amd64", "-", "", true},
		"RHEL 7":                      {"3.10.0-1160.el7.x86_64", modern, "", false},
		"built in":                    {"3.2.0-4-amd64", "", "ffffffff81 t virtio_pci_probe\n", true},
		"built in, with the new one":  {"3.10.0-1160.el7.x86_64", "", "ffffffff81 t virtio_pci_modern_probe\n", false},
		"built in, no map of symbols": {"3.2.0-4-amd64", "", "", true},
		"Debian 9":                    {"4.9.0-19-amd64", "ELF", "", false},
		"Linux 4.0 itself":            {"4.0.0", "ELF", "", false},
		"Debian 12":                   {version, "ELF", "", false},
		"no version at all":           {"custom", "ELF", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var builtin []string
			if test.module == "" {
				builtin = []string{"virtio_pci", "virtio_blk", "virtio_net"}
			}
			files := guesttest.KernelFiles(test.version, builtin...)
			module := "/lib/modules/" + test.version + "/kernel/virtio_pci.ko"
			switch test.module {
			case "":
			case "-":
				delete(files, module)
			default:
				files[module] = test.module
			}
			if test.symbols != "" {
				files["/boot/System.map-"+test.version] = test.symbols
			}
			d, err := DriversOf(edittest.Of(t, guesttest.New(t, files)).Reader, test.version)
			if err != nil {
				t.Fatal(err)
			}
			k := report.Kernel{Virtio: d.Virtio(nil)}
			if d.LegacyVirtio != test.legacy || k.LegacyVirtio() != test.legacy || d.HasVirtioDisk() == test.legacy || k.HasVirtioDisk() == test.legacy {
				t.Errorf("legacy %t, in the report %v", d.LegacyVirtio, k.Virtio)
			}
			if card := NetworkCard(d, nil); (card == "virtio") == test.legacy {
				t.Errorf("network card %s", card)
			}
			if test.module == "" && (BootsFrom(d, nil) == "virtio-blk") == test.legacy {
				t.Errorf("it boots from %q", BootsFrom(d, nil))
			}
		})
	}
}
