package bootable

import (
	"encoding/hex"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/crypto/blake2b"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/esp"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// limineModule is a module of Limine's menu with the checksum that it has to have, or
// Limine stops.
var limineModule = regexp.MustCompile(`(?mi)^[ \t]*module_path[ \t]*[:=][ \t]*([^#\n]*)#([0-9a-f]{128})`)

// FixChecksums gives the initramfs images in Limine's menus the checksums that they have
// now.
func (g *Guest) FixChecksums() error {
	menus, err := menu.Read(g.judge.edit, g.judge.devices.Devices, g.start.Firmware)
	if err != nil {
		return err
	}
	for _, m := range menus {
		if m.Loader != menu.Limine {
			continue
		}
		text, _, err := g.edit.Read(m.File)
		if err != nil {
			return err
		}
		sums, err := g.checksums(text, m.Entries)
		if err != nil {
			return err
		}
		if err := g.edit.Rewrite(m.File, setChecksums(text, sums), 0o644, "give the initramfs the checksum that it has now", meantChecksum); err != nil {
			return err
		}
	}
	return nil
}

// checksums are those of the modules in a menu that has checksums of them, by what is
// written for their path.
func (g *Guest) checksums(text string, entries []menu.Entry) (map[string]string, error) {
	sums := map[string]string{}
	for _, at := range limineModule.FindAllStringSubmatch(text, -1) {
		name := menu.LiminePath(at[1])
		for _, e := range entries {
			i := slices.IndexFunc(e.Initramfs, func(f menu.File) bool { return f.Name == name && f.State == menu.Found })
			if i < 0 {
				continue
			}
			hash, err := blake2b.New512(nil)
			if err != nil {
				return nil, err
			}
			if err := g.edit.Download(e.Initramfs[i].Path, hash); err != nil {
				return nil, fmt.Errorf("cannot read %s in the guest: %w", e.Initramfs[i].Path, err)
			}
			sums[at[1]] = hex.EncodeToString(hash.Sum(nil))
			break
		}
	}
	return sums, nil
}

func setChecksums(text string, sums map[string]string) string {
	var edits []conf.Edit
	for _, at := range limineModule.FindAllStringSubmatchIndex(text, -1) {
		sum, known := sums[text[at[2]:at[3]]]
		if known && !strings.EqualFold(sum, text[at[4]:at[5]]) {
			edits = append(edits, conf.Edit{Start: at[4], End: at[5], Text: sum})
		}
	}
	return conf.ApplyEdits(text, edits)
}

// meantChecksum: what follows the mark before a checksum.
func meantChecksum(was, is *conf.Entry) bool {
	if was == nil || is == nil {
		return false
	}
	before, old, hadSum := strings.Cut(was.Value, "#")
	after, sum, hasSum := strings.Cut(is.Value, "#")
	return was.Key == is.Key && before == after && hadSum && hasSum && len(old) == len(sum)
}

// enrolled is where Limine keeps the checksum that its menu has to have, 128 digits.
const enrolled = "++CONFIG_B2SUM_SIGNATURE++"

// requireUnenrolled refuses a guest whose Limine has the checksum of a menu that was
// changed, and stops.
func (g *Guest) requireUnenrolled(menus []judgedMenu) error {
	changed := g.edit.Changed()
	i := slices.IndexFunc(menus, func(m judgedMenu) bool { return m.Loader == menu.Limine && slices.Contains(changed, m.File) })
	if i < 0 {
		return nil
	}
	programs := []string{path.Join(path.Dir(menus[i].File), "limine-bios.sys"), "/boot/limine-bios.sys", "/boot/limine/limine-bios.sys"}
	if partition, found := esp.Of(g.edit); found {
		loaders, err := partition.Programs()
		if err != nil {
			return err
		}
		programs = append(programs, loaders...)
	}
	for _, program := range programs {
		const most = 8 << 20 // bytes; a unified kernel image is larger
		if info, err := g.edit.Stat(program); err != nil || info.Size > most {
			continue
		}
		text, _, err := g.edit.Read(program)
		if err != nil {
			return err
		}
		_, rest, has := strings.Cut(text, enrolled)
		if digits := rest[:min(len(rest), 128)]; has && strings.Trim(digits, "0") != "" {
			return remedy.With(fmt.Errorf("%s has the checksum of %s from before it was changed, and does not start the guest with another", program, menus[i].File),
				"take it out in the guest on its old machine (limine enroll-config --reset "+program+"), and take its disks again; enroll the menu anew on the new machine")
		}
	}
	return nil
}
