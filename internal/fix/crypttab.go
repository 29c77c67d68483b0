package fix

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// crypttabs are the tables of encrypted devices. The second is what mkinitcpio
// puts into its image.
var crypttabs = []string{"/etc/crypttab", "/etc/crypttab.initramfs"}

// fixCrypttab gives the second column of crypttab stable names, under the same
// mode as fstab.
func fixCrypttab(_ context.Context, r *run) error {
	if r.options.FstabMode == FstabNoop {
		return nil
	}
	for _, path := range crypttabs {
		text, ok, err := r.read(path)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		fixed, notes := editCrypttab(text, r.options.FstabMode, r.names)
		r.warnNotes(path, notes)
		if err := r.write(path, fixed, 0o600, "use stable names for encrypted devices"); err != nil {
			return err
		}
	}
	return nil
}

// editCrypttab replaces names of the old machine in crypttab's second column.
func editCrypttab(text, mode string, n names) (string, []note) {
	if mode == FstabNoop {
		return text, nil
	}
	var notes []note
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		t := parseTableLine(line)
		if len(t.fields) < 2 {
			continue
		}
		spec, quote := unquoteSpec(t.fields[1])
		kind := classify(spec)
		if kind != specByPath && (kind != specMachine || mode != FstabStabilizeAll) {
			continue
		}
		name, err := n.stable(spec, crypttabForm(t))
		if err != nil {
			notes = append(notes, note{
				line:    i + 1,
				message: fmt.Sprintf("%s (%s) stays as it is: %s", spec, t.fields[0], err),
				remedy:  "name the encrypted device by UUID or PARTUUID",
			})
			continue
		}
		t.replace(1, quote+name+quote)
		lines[i] = t.String()
	}
	return strings.Join(lines, ""), notes
}

// crypttabForm tells LUKS from plain encryption. A plain device has no header:
// a UUID found on it is a left-over that the next boot overwrites.
func crypttabForm(t tableLine) form {
	options := ""
	if len(t.fields) > 3 {
		options = t.fields[3]
	}
	if hasOption(options, "luks") {
		return asTag
	}
	randomKey := len(t.fields) > 2 && slices.Contains([]string{"/dev/urandom", "/dev/random", "/dev/hwrng"}, t.fields[2])
	if randomKey || hasOption(options, "plain") || hasOption(options, "swap") || hasOption(options, "tmp") {
		return asKeptTag
	}
	return asTag
}
