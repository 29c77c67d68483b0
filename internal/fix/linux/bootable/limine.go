package bootable

import (
	"encoding/hex"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/crypto/blake2b"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/bootfile"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/esp"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// limineFile is a file of Limine's menu with the checksum that it has to have, or Limine
// stops: an initramfs, or an EFI program, which may be a unified kernel image.
var limineFile = regexp.MustCompile(`(?mi)^[ \t]*(module_path|path|image_path)[ \t]*[:=][ \t]*([^#\n]*)#([0-9a-f]{128})`)

// FixChecksums gives the initramfs images and the unified kernel images in Limine's menus
// the checksums that they have now.
func (g *Guest) FixChecksums() error {
	menus, err := menu.Read(g.judge.edit, g.judge.devices.Devices, g.start.Firmware)
	if err != nil {
		return err
	}
	for _, at := range bootfile.Where(isLimine) {
		err := g.edit.EachFile(at.Pattern, func(file, text string) error {
			var entries []menu.Entry // those of unified kernel images are no entries of Limine's here
			for _, m := range menus {
				if m.Loader == menu.Limine && m.File == file {
					entries = m.Entries
				}
			}
			sums, err := g.checksums(text, entries)
			if err != nil {
				return err
			}
			return g.edit.Rewrite(file, setChecksums(text, sums), 0o644, "give an image the checksum that it has now", meantChecksum)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func isLimine(f bootfile.File) bool { return f.Format == bootfile.Limine }

// checksums are those of the images in a menu that has checksums of them, by what is
// written for their path.
func (g *Guest) checksums(text string, entries []menu.Entry) (map[string]string, error) {
	sums := map[string]string{}
	for _, at := range limineFile.FindAllStringSubmatch(text, -1) {
		find := g.unifiedAt
		if strings.EqualFold(at[1], "module_path") {
			find = func(name string) (string, error) { return initramfsAt(entries, name), nil }
		}
		file, err := find(menu.LiminePath(at[2]))
		if err != nil {
			return nil, err
		}
		if _, known := sums[at[2]]; known || file == "" {
			continue
		}
		hash, err := blake2b.New512(nil)
		if err != nil {
			return nil, err
		}
		if err := g.edit.Download(file, hash); err != nil {
			return nil, fmt.Errorf("cannot read %s in the guest: %w", file, err)
		}
		sums[at[2]] = hex.EncodeToString(hash.Sum(nil))
	}
	return sums, nil
}

// initramfsAt is the guest path of an initramfs, by its name in the menu; or nothing.
func initramfsAt(entries []menu.Entry, name string) string {
	for _, e := range entries {
		if i := slices.IndexFunc(e.Initramfs, func(f menu.File) bool { return f.Name == name && f.State == menu.Found }); i >= 0 {
			return e.Initramfs[i].Path
		}
	}
	return ""
}

// unifiedAt is the guest path of a unified kernel image that was changed, by its path on
// the EFI system partition, which knows no case; or nothing.
func (g *Guest) unifiedAt(name string) (string, error) {
	images, err := menu.UnifiedImages(g.judge.edit)
	if err != nil {
		return "", err
	}
	changed := g.edit.Changed()
	for _, image := range images {
		if !slices.Contains(changed, image) {
			continue
		}
		for _, mount := range bootfile.ESPs {
			if rest, below := strings.CutPrefix(image, mount+"/"); below && strings.EqualFold("/"+rest, path.Clean("/"+strings.TrimSpace(name))) {
				return image, nil
			}
		}
	}
	return "", nil
}

func setChecksums(text string, sums map[string]string) string {
	var edits []conf.Edit
	for _, at := range limineFile.FindAllStringSubmatchIndex(text, -1) {
		sum, known := sums[text[at[4]:at[5]]]
		if known && !strings.EqualFold(sum, text[at[6]:at[7]]) {
			edits = append(edits, conf.Edit{Start: at[6], End: at[7], Text: sum})
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
func (g *Guest) requireUnenrolled() error {
	changed := g.edit.Changed()
	i := slices.IndexFunc(changed, func(file string) bool {
		f, ok := bootfile.Of(file)
		return ok && isLimine(f)
	})
	if i < 0 {
		return nil
	}
	programs := []string{path.Join(path.Dir(changed[i]), "limine-bios.sys"), "/boot/limine-bios.sys", "/boot/limine/limine-bios.sys"}
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
			return remedy.With(fmt.Errorf("%s has the checksum of %s from before it was changed, and does not start the guest with another", program, changed[i]),
				"take it out in the guest on its old machine (limine enroll-config --reset "+program+"), and take its disks again; enroll the menu anew on the new machine")
		}
	}
	return nil
}
