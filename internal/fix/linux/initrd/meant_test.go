package initrd

import (
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
)

// TestMeant: what makes later images is changed as is meant, and no further.
func TestMeant(t *testing.T) {
	t.Parallel()
	const crypttab = "# ours\nroot UUID=a none luks,discard\nswap UUID=b /dev/urandom swap\n"
	const modules = "# one in a line\ndm_mod x=1\n"
	targets, names := []string{"root", "short"}, []string{"virtio_blk"}
	for name, tt := range map[string]struct {
		file, before, after string
		meant               edit.Meant
		fails               string // in the error; none: it holds
	}{
		"a mark":                    {"/etc/crypttab", crypttab, markCrypttab(crypttab, targets), meantMark(targets), ""},
		"a mark on a short line":    {"/etc/crypttab", "short UUID=a\n", markCrypttab("short UUID=a\n", targets), meantMark(targets), ""},
		"a mark behind a key":       {"/etc/crypttab", "short UUID=a /key\n", markCrypttab("short UUID=a /key\n", targets), meantMark(targets), ""},
		"a mark on another":         {"/etc/crypttab", crypttab, markCrypttab(crypttab, []string{"swap"}), meantMark(targets), "would have changed"},
		"an option is lost":         {"/etc/crypttab", crypttab, strings.Replace(crypttab, "luks,discard", "luks,initramfs", 1), meantMark(targets), "would have changed"},
		"another device":            {"/etc/crypttab", crypttab, strings.Replace(markCrypttab(crypttab, targets), "UUID=a", "UUID=b", 1), meantMark(targets), "would have changed"},
		"a comment is lost":         {"/etc/crypttab", crypttab, strings.TrimPrefix(markCrypttab(crypttab, targets), "# ours\n"), meantMark(targets), "would have changed"},
		"a module":                  {initramfsToolsModules, modules, addModuleLines(modules, names), meantModules(names), ""},
		"a module with another":     {initramfsToolsModules, modules, modules + "virtio_blk other\n", meantModules(names), "would have come"},
		"a module instead of one":   {initramfsToolsModules, modules, "# one in a line\nvirtio_blk\n", meantModules(names), "would have changed"},
		"a module nobody asked for": {initramfsToolsModules, modules, modules + "evil\n", meantModules(names), "would have come"},
		"drivers":                   {dracutDrivers, "# x\nadd_drivers+=\" a \"\n", "# x\nadd_drivers+=\" a b \"\n", meantDrivers, ""},
		"drivers and a command":     {dracutDrivers, "add_drivers+=\" a \"\n", "add_drivers+=\" a b \"\nrm x\n", meantDrivers, "would have come"},
	} {
		if tt.before == tt.after {
			t.Errorf("%s: nothing is edited", name)
		}
		err := edit.Check(tt.file, tt.before, tt.after, tt.meant)
		if (err != nil) != (tt.fails != "") || err != nil && !strings.Contains(err.Error(), tt.fails) {
			t.Errorf("%s: error = %v, want %q", name, err, tt.fails)
		}
	}
}
