package initrd

import (
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/initramfs"
)

// A tool that builds an initramfs outside of the guest asks the appliance's
// kernel what the root file system lies on, and gets the appliance's answers:
// an encrypted device has another name there. What the old image had tells what
// the new one must have.

// rootNeeds is what an image must have to find the root file system.
type rootNeeds struct {
	tools   []string // "cryptsetup", "lvm", "mdadm"
	targets []string // names of encrypted devices that Debian's images open
}

// rootNeeds goes by the image as it was, which booted the guest, and by what
// the root file system is seen to lie on.
func (p *imageRepair) rootNeeds() rootNeeds {
	var needs rootNeeds
	if p.image != nil {
		needs.tools = p.image.Tools()
		needs.targets = cryptTargets(p.image)
	}
	root := p.names.Root
	switch {
	case !p.names.HasRoot:
	case root.Kind == guest.KindCrypt:
		needs.tools = appendMissing(needs.tools, "cryptsetup")
		if name, ok := strings.CutPrefix(root.GuestName, "/dev/mapper/"); ok {
			needs.targets = appendMissing(needs.targets, name)
		}
	case root.Kind == guest.KindLV:
		needs.tools = appendMissing(needs.tools, "lvm")
	case root.Kind == guest.KindMD:
		needs.tools = appendMissing(needs.tools, "mdadm")
	}
	return needs
}

// lackedBy lists what an image does not have, for people.
func (n rootNeeds) lackedBy(image *initramfs.Image) []string {
	if image.Generator == initramfs.GeneratorBooster {
		return nil // it brings its own
	}
	var lacked []string
	tools := image.Tools()
	for _, tool := range n.tools {
		if !slices.Contains(tools, tool) {
			lacked = append(lacked, tool)
		}
	}
	if image.Generator == initramfs.GeneratorInitramfsTools {
		targets := cryptTargets(image)
		for _, target := range n.targets {
			if !slices.Contains(targets, target) {
				lacked = append(lacked, "the entry of the encrypted device "+target)
			}
		}
	}
	return lacked
}

// cryptTargets are the encrypted devices that an image of initramfs-tools opens.
func cryptTargets(image *initramfs.Image) []string {
	text, _ := image.Text("cryptroot/crypttab")
	var names []string
	for line := range strings.Lines(text) {
		if t := conf.ParseTableLine(line); len(t.Fields) > 1 {
			names = append(names, t.Fields[0])
		}
	}
	text, _ = image.Text(initramfs.OldCryptTable)
	for option := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == '\n' }) {
		if name, ok := strings.CutPrefix(option, "target="); ok {
			names = append(names, name)
		}
	}
	return names
}

// keepInInitramfs marks the encrypted devices in crypttab that Debian's tool
// must put into every image: by itself it takes those that it sees the root
// file system lie on.
func keepInInitramfs(e *edit.Editor, targets []string) error {
	if len(targets) == 0 {
		return nil
	}
	const path = "/etc/crypttab"
	text, ok, err := e.Read(path)
	if err != nil || !ok {
		return err
	}
	return e.Rewrite(path, markCrypttab(text, targets), 0o600, "open the root file system's encrypted device in every initramfs", meantMark(targets))
}

// markCrypttab gives the entries of the targets the option initramfs.
func markCrypttab(text string, targets []string) string {
	return conf.EditTable(text, func(_ int, line string, t conf.TableLine) string {
		switch {
		case !slices.Contains(targets, t.Fields[0]) || len(t.Fields) > 3 && conf.HasOption(t.Fields[3], "initramfs"):
			return line
		case len(t.Fields) > 3:
			t.Replace(3, t.Fields[3]+",initramfs")
			return t.String()
		default:
			end := line[len(strings.TrimRight(line, conf.Blanks)):]
			missing := []string{"none", "luks,initramfs"}[len(t.Fields)-2:]
			return strings.TrimRight(line, conf.Blanks) + " " + strings.Join(missing, " ") + end
		}
	})
}
