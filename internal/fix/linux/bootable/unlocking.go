package bootable

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

const (
	staysLocked = ": without it the guest asks for a passphrase at its console, or does not start"
	enrollAgain = "make sure that a passphrase unlocks the device, too, before the migration; and bind it to the new machine's TPM in the guest afterwards"
)

// clevisTPM is by which Clevis unlocks with a TPM, and clevisUnlocks what has it do so at boot.
const clevisTPM = "/usr/bin/clevis-decrypt-tpm2"

var clevisUnlocks = []string{"/usr/bin/clevis-luks-unlock", "/usr/libexec/clevis-luks-askpass", "/usr/lib/clevis-luks-askpass"}

// grubTPM finds where GRUB unlocks a device with a TPM.
var grubTPM = regexp.MustCompile(`(?m)^[^#\n]*\b(tpm2_key_protector_init|cryptomount\b[^#\n]*(?:-P|--protector)[ =]?tpm2)\b`)

// warnUnlocking tells what unlocks encrypted devices before crypttab is read, and is
// left behind with the old machine: its TPM, or a token.
func (g *Guest) warnUnlocking(menus []judgedMenu) error {
	if !slices.ContainsFunc(g.judge.devices.Devices, func(d guest.Device) bool { return d.FSType == guest.FSTypeLUKS }) {
		return nil
	}
	for _, m := range menus {
		if e, ok := m.chosen(); ok {
			g.warnUnlockedBy(e.Entry)
		}
		for _, file := range m.Files() {
			text, _, err := g.edit.Read(file)
			if err != nil {
				return err
			}
			g.warnGRUBUnlocks(file, text)
		}
	}
	g.warnGRUBUnlocks("GRUB in the boot sectors", g.start.Core.Config)
	if g.edit.Exists(clevisTPM) && slices.ContainsFunc(clevisUnlocks, g.edit.Exists) {
		g.edit.Warn(report.ConcernCrypttabTPM, "the guest has Clevis, and encrypted devices: those that it unlocks with the TPM of the old machine are not unlocked on the new one"+staysLocked, enrollAgain)
	}
	return nil
}

// warnUnlockedBy reads the parameters of an entry. What they say of a token may have its
// PIN in it.
func (g *Guest) warnUnlockedBy(e menu.Entry) {
	for _, p := range e.Parameters {
		key, value, _ := strings.Cut(p, "=")
		if key != "rd.luks.options" && key != "luks.options" {
			continue
		}
		for option := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == ',' || r == '=' }) {
			switch option {
			case "tpm2-device":
				g.edit.Warn(report.ConcernCrypttabTPM, fmt.Sprintf("%s: %s: %s unlocks an encrypted device with the TPM of the old machine%s", e.File, e.Name(), key+" ("+option+")", staysLocked), enrollAgain)
			case "fido2-device", "pkcs11-uri":
				g.edit.Warn(report.ConcernCrypttabKey, fmt.Sprintf("%s: %s: %s unlocks an encrypted device with a token that the old machine has%s", e.File, e.Name(), key+" ("+option+")", staysLocked),
					"give the new machine that USB device, or make sure that a passphrase unlocks the device, too")
			}
		}
	}
}

func (g *Guest) warnGRUBUnlocks(where, text string) {
	if m := grubTPM.FindStringSubmatch(text); m != nil {
		g.edit.Warn(report.ConcernCrypttabTPM, fmt.Sprintf("%s unlocks an encrypted device with the TPM of the old machine (%s)%s", where, m[1], staysLocked), enrollAgain)
	}
}
