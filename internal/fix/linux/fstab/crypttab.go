package fstab

import (
	"fmt"
	"slices"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// crypttabs are the tables of encrypted devices. The second is what mkinitcpio
// puts into its image.
var crypttabs = []string{"/etc/crypttab", "/etc/crypttab.initramfs"}

// FixCrypttab gives the second column of crypttab stable names, under the same
// mode as fstab.
func FixCrypttab(e *edit.Editor, names devname.Names, mode string) error {
	if mode == ModeNoop {
		return nil
	}
	for _, path := range crypttabs {
		text, ok, err := e.Read(path)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		fixed, notes := editCrypttab(text, mode, names)
		e.WarnNotes(path, notes)
		if err := e.Rewrite(path, fixed, 0o600, "use stable names for encrypted devices", meantInCrypttab); err != nil {
			return err
		}
	}
	return nil
}

// editCrypttab replaces names of the old machine in crypttab's second column.
func editCrypttab(text, mode string, n devname.Names) (string, []edit.Note) {
	if mode == ModeNoop {
		return text, nil
	}
	var notes []edit.Note
	fixed := conf.EditTable(text, func(number int, _ string, t conf.TableLine) string {
		edited, found := editCrypttabLine(number, t, mode, n)
		notes = append(notes, found...)
		return edited.String()
	})
	return fixed, notes
}

func editCrypttabLine(number int, t conf.TableLine, mode string, n devname.Names) (conf.TableLine, []edit.Note) {
	notes := unlockingNotes(number, t, n)
	spec, quote := conf.UnquoteSpec(t.Fields[1])
	kind := devname.Classify(spec)
	if kind != devname.ByPath && (kind != devname.Machine || mode != ModeStabilizeAll) {
		return t, notes
	}
	name, err := n.Stable(spec, crypttabForm(t))
	if err != nil {
		return t, append(notes, edit.Note{
			ID:      report.ConcernCrypttabDevice,
			Line:    number,
			Message: fmt.Sprintf("%s (%s) stays as it is: %s", spec, t.Fields[0], err),
			Remedy:  "name the encrypted device by UUID or PARTUUID",
		})
	}
	t.Replace(1, quote+name+quote)
	return t, notes
}

// crypttabForm tells LUKS from plain encryption. A plain device has no header:
// a UUID found on it is a left-over that the next boot overwrites.
func crypttabForm(t conf.TableLine) devname.Form {
	options := ""
	if len(t.Fields) > 3 {
		options = t.Fields[3]
	}
	if conf.HasOption(options, "luks") {
		return devname.AsTag
	}
	randomKey := len(t.Fields) > 2 && slices.Contains([]string{"/dev/urandom", "/dev/random", "/dev/hwrng"}, t.Fields[2])
	if randomKey || conf.HasOption(options, "plain") || conf.HasOption(options, "swap") || conf.HasOption(options, "tmp") {
		return devname.AsKeptTag
	}
	return devname.AsTag
}
