package bootable

import (
	"encoding/hex"
	"strings"
	"testing"

	"golang.org/x/crypto/blake2b"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// changedGuest is a guest that GRUB starts with parameters, and of which a file was
// changed before.
func changedGuest(t *testing.T, parameters, changed string, more ...string) (*edit.Editor, *Guest) {
	t.Helper()
	set := with(files(more...), "/boot/vmlinuz-6.1", "k", "/boot/initrd.img-6.1", "i",
		"/boot/grub/grub.cfg", "menuentry 'x' {\n linux /vmlinuz-6.1 root=UUID=root-uuid "+parameters+"\n initrd /initrd.img-6.1\n}\n")
	e := edittest.New(t, edit.Guest{Mounts: guesttest.BootMounts, FS: guesttest.New(t, set)})
	if changed != "" {
		if err := e.Write(changed, "# new\n", 0o644, "x"); err != nil {
			t.Fatal(err)
		}
	}
	return e, New(e, devname.New(guesttest.BootDevices, guesttest.BootMounts), Start{Firmware: guest.FirmwareBIOS})
}

// TestRequireVerity: a file system whose blocks are checked starts nothing once it was
// mounted to be changed.
func TestRequireVerity(t *testing.T) {
	t.Parallel()
	for parameters, fails := range map[string]bool{
		"roothash=0a1b2c": true, "rd.verityroot.roothash=0a1b2c": true, "systemd.verity_root_data=/dev/sda3 roothash=0a1b2c": true,
		"usrhash=0a1b2c": false, "roothash=": false, "roothash=0a1b2c systemd.verity=0": false, "rootflags=ro": false,
	} {
		_, g := changedGuest(t, parameters, "")
		_, err := g.Require("")
		if (err != nil) != fails || fails && (!strings.Contains(err.Error(), "roothash=0a1b2c is the checksum") || !strings.Contains(remedy.Of(err), "pipeline.fix.enabled")) {
			t.Errorf("%s: %v (%s)", parameters, err, remedy.Of(err))
		}
	}
	_, g := changedGuest(t, "roothash=0a1b2c", "")
	g.judge.untouched = true
	if _, err := g.Require(""); err != nil {
		t.Errorf("nothing is changed: %v", err)
	}
	e := edittest.New(t, edit.Guest{Mounts: guesttest.BootMounts, FS: guesttest.New(t, files("/boot/efi/EFI/Linux/a.efi", guesttest.UnifiedImage(t, "root=UUID=root-uuid roothash=0a1b2c")))})
	if _, err := New(e, devname.New(guesttest.BootDevices, guesttest.BootMounts), Start{Firmware: guest.FirmwareUEFI}).Require(""); err == nil || !strings.Contains(err.Error(), "roothash=") {
		t.Errorf("a unified image: %v", err)
	}
}

// TestRequireIntegrity: what checks a file before it reads it does not read one that was
// changed.
func TestRequireIntegrity(t *testing.T) {
	t.Parallel()
	const policy = "/etc/ima/ima-policy"
	for name, tt := range map[string]struct {
		parameters, changed string
		files               []string
		warns               string
	}{
		"nothing checks":                     {changed: "/etc/fstab"},
		"IMA":                                {parameters: "ima_appraise=enforce ima_policy=appraise_tcb", changed: "/etc/fstab", warns: "ima_policy=appraise_tcb"},
		"IMA, by its own default":            {parameters: "\"ima_policy=tcb|appraise_tcb\"", changed: "/etc/fstab", warns: "/etc/fstab is one of 1"},
		"IMA, as it was":                     {parameters: "ima_appraise_tcb", changed: "/etc/fstab", warns: "ima_appraise_tcb"},
		"IMA, and nothing changed":           {parameters: "ima_policy=appraise_tcb"},
		"IMA that measures":                  {parameters: "ima_policy=tcb", changed: "/etc/fstab"},
		"IMA that corrects":                  {parameters: "ima_appraise=fix ima_policy=appraise_tcb", changed: "/etc/fstab"},
		"a policy of the guest's":            {changed: "/etc/fstab", files: []string{policy, "dont_appraise fsmagic=0x9fa0\nappraise fowner=0\n"}, warns: policy},
		"a policy for what is read":          {changed: "/etc/fstab", files: []string{policy, "appraise func=FILE_CHECK uid=0\n"}, warns: policy},
		"a policy for programs":              {changed: "/etc/fstab", files: []string{policy, "# appraise\nmeasure uid=0\nappraise func=BPRM_CHECK appraise_type=imasig\n"}},
		"a policy that is off":               {parameters: "ima_appraise=off", changed: "/etc/fstab", files: []string{policy, "appraise fowner=0\n"}},
		"a signature for GRUB":               {changed: "/boot/grub/custom.cfg", files: []string{"/boot/grub/custom.cfg", "old\n", "/boot/grub/custom.cfg.sig", "s"}, warns: "(/boot/grub/custom.cfg)"},
		"a signature of what stays":          {changed: "/etc/fstab", files: []string{"/boot/initrd.img-6.1.sig", "s"}},
		"a signature that no loader asks of": {changed: "/etc/x.conf", files: []string{"/etc/x.conf.sig", "s"}},
	} {
		e, g := changedGuest(t, tt.parameters, tt.changed, tt.files...)
		if _, err := g.Require(""); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		_, warnings := e.Take()
		if tt.warns == "" && len(warnings) > 0 || tt.warns != "" && (len(warnings) != 1 || warnings[0].ID != report.ConcernIntegrity || !strings.Contains(warnings[0].Message, tt.warns)) {
			t.Errorf("%s: warnings %v, want %q", name, warnings, tt.warns)
		}
	}
}

// TestLimineChecksumsOfUnifiedImages: Limine starts such images as EFI programs, and stops
// where one is another than was written down.
func TestLimineChecksumsOfUnifiedImages(t *testing.T) {
	t.Parallel()
	const file, image = "/boot/efi/limine.conf", "/boot/efi/EFI/Linux/arch.efi"
	of := func(text string) string { sum := blake2b.Sum512([]byte(text)); return hex.EncodeToString(sum[:]) }
	menu := func(sum string) string {
		return "timeout: 3\n/Arch\n  protocol: efi\n  path: boot():/EFI/linux/ARCH.efi#" + sum + "\n"
	}
	unified := guesttest.UnifiedImage(t, "root=UUID=root-uuid ro")
	for name, tt := range map[string]struct {
		loader, want, fails string
		unchanged           bool
	}{
		"that was changed":      {want: of(unified)},
		"that stays":            {want: of("old"), unchanged: true},
		"of a menu, enrolled":   {want: of(unified), loader: "MZ" + enrolled + of("menu"), fails: "limine_x64.efi has the checksum of " + file},
		"of a menu that stayed": {want: of("old"), loader: "MZ" + enrolled + of("menu"), unchanged: true},
	} {
		set := files(file, menu(of("old")), image, unified, "/boot/efi/EFI/limine/limine_x64.efi", "MZ"+tt.loader)
		e := edittest.New(t, edit.Guest{Mounts: guesttest.BootMounts, FS: guesttest.New(t, set)})
		if !tt.unchanged {
			e.Record(report.Change{Path: image, Action: report.ActionModified, Description: "give it drivers"})
		}
		g := New(e, devname.New(guesttest.BootDevices, guesttest.BootMounts), Start{Firmware: guest.FirmwareUEFI})
		if err := g.FixChecksums(); err != nil {
			t.Fatal(err)
		}
		if got, _, err := e.Read(file); err != nil || got != menu(tt.want) {
			t.Errorf("%s: %v: it is now\n%s", name, err, got)
		}
		_, err := g.Require("")
		if (err != nil) != (tt.fails != "") || err != nil && !strings.Contains(err.Error(), tt.fails) {
			t.Errorf("%s: error %v, want %q", name, err, tt.fails)
		}
	}
}

// TestLimineChecksums: Limine stops where a file or its own menu has another checksum than
// was written down.
func TestLimineChecksums(t *testing.T) {
	t.Parallel()
	const file = "/boot/limine.conf"
	of := func(text string) string { sum := blake2b.Sum512([]byte(text)); return hex.EncodeToString(sum[:]) }
	menu := func(kernel, initramfs string) string {
		return "timeout: 3\n/Linux\n  protocol: linux\n  path: boot():/vmlinuz-6.1" + kernel + "\n  cmdline: root=UUID=root-uuid\n  module_path: boot():/initrd.img-6.1" + initramfs + "\n"
	}
	program := func(digits string) string { return "MZ" + enrolled + digits + "\x00more" }
	for name, tt := range map[string]struct {
		menu, loader, want, fails string
	}{
		"of an initramfs that was changed": {menu: menu("", "#"+of("old")), want: menu("", "#"+of("i"))},
		"in capitals, and as it was":       {menu: menu("", "#"+strings.ToUpper(of("i"))), want: menu("", "#"+strings.ToUpper(of("i")))},
		"of a kernel":                      {menu: menu("#"+of("other"), ""), want: menu("#"+of("other"), "")},
		"none":                             {menu: menu("", ""), want: menu("", "")},
		"of the menu, not enrolled":        {menu: menu("", "#"+of("old")), loader: program(strings.Repeat("0", 128)), want: menu("", "#"+of("i"))},
		"of the menu":                      {menu: menu("", "#"+of("old")), loader: program(of("menu")), want: menu("", "#"+of("i")), fails: "/boot/efi/EFI/limine/limine_x64.efi has the checksum of " + file},
		"of a menu that stays":             {menu: menu("", "#"+of("i")), loader: program(of("menu")), want: menu("", "#"+of("i"))},
	} {
		set := files("/boot/vmlinuz-6.1", "k", "/boot/initrd.img-6.1", "i", file, tt.menu, "/boot/efi/EFI/limine/limine_x64.efi", "MZ"+tt.loader)
		e := edittest.New(t, edit.Guest{Mounts: guesttest.BootMounts, FS: guesttest.New(t, set)})
		g := New(e, devname.New(guesttest.BootDevices, guesttest.BootMounts), Start{Firmware: guest.FirmwareUEFI})
		if err := g.FixChecksums(); err != nil {
			t.Fatal(err)
		}
		if got, _, err := e.Read(file); err != nil || got != tt.want {
			t.Errorf("%s: %v: it is now\n%s", name, err, got)
		}
		_, err := g.Require("")
		if (err != nil) != (tt.fails != "") || err != nil && (!strings.Contains(err.Error(), tt.fails) || !strings.Contains(remedy.Of(err), "enroll-config")) {
			t.Errorf("%s: error %v, want %q", name, err, tt.fails)
		}
	}
}
