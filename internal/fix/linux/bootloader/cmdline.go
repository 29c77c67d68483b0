package bootloader

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
)

// finding is a device name in boot configuration that could not simply be
// replaced. Err is nil if the root file system's name stands in for it.
type finding struct {
	where string // "menu entry \"Debian\"", "kernelopts" ...; may be empty
	param string // "root"
	spec  string // "/dev/dm-0"
	name  string // what was written in its place, if anything
	err   error
	// otherOS is set for an entry whose kernel is not in this guest, and for
	// what concerns no kernel of it.
	otherOS bool
}

func (f finding) String() string {
	if f.spec == "" {
		return fmt.Sprintf("it stays as it is: %s", f.err)
	}
	text := f.param + "=" + f.spec
	if f.where != "" {
		text = f.where + ": " + text
	}
	if f.err == nil {
		return fmt.Sprintf("%s names no device of this guest; the root file system's name %s was written instead", text, f.name)
	}
	return fmt.Sprintf("%s stays as it is: %s", text, f.err)
}

// cmdlineEditor edits kernel command lines for one kernel.
type cmdlineEditor struct {
	names devname.Names
	where string
	// noInitramfs is set where the kernel starts without one: it then knows
	// PARTUUID= and no other tag.
	noInitramfs bool
	// otherOS is set if the kernel does not belong to this guest.
	otherOS  bool
	findings []finding
}

// tagParams are the parameters whose reader takes UUID= for a device.
var tagParams = map[string]bool{
	"root": true, "real_root": true, // Gentoo
	"resume": true, "real_resume": true, "resume2": true,
	"mount.usr": true, "usr": true, "crypt_root": true, "crypt_swap": true,
	"cryptdevice": true, "cryptkey": true, // Arch
	"cryptopts":           true, // Debian: target=x,source=device,...
	"rd.luks.key":         true, // path:device:encrypted device
	"boot":                true, // dracut's check of a FIPS kernel
	"systemd.mount-extra": true, "rd.systemd.mount-extra": true,
	"systemd.swap-extra": true, "rd.systemd.swap-extra": true,
}

// kernelParams are read by the kernel itself, which knows PARTUUID= and no
// other stable name.
var kernelParams = map[string]bool{
	"md": true, "dm": true, "dm-mod.create": true, "pstore_blk.blkdev": true, "block2mtd.block2mtd": true,
}

// numberParams take the number of a device for its name.
var numberParams = map[string]bool{"root": true, "real_root": true, "resume": true, "real_resume": true}

var errColon = errors.New("whether what follows its colon is a part of the name is not known: name the device by UUID in the guest")

// editWords returns the edits that give the parameters of a kernel stable
// names: every device name of the old machine, whatever the parameter.
func (c *cmdlineEditor) editWords(words []conf.Word) []conf.Edit {
	var edits []conf.Edit
	for _, w := range words {
		param, value, ok := strings.Cut(w.Text, "=")
		if !ok || strings.Contains(param, "/") || strings.ContainsAny(value, conf.Blanks) && !kernelParams[param] {
			continue
		}
		if spec, ok := devname.Numbered(value); ok && numberParams[param] {
			edits = c.editSpan(edits, w, param, spec, len(param)+1, len(w.Text))
			continue
		}
		c.findJournal(param, value)
		spans := devname.Spans(value)
		if numberParams[param] && devname.HoldsColon(value) && (len(spans) == 0 || spans[0].To < len(value)) {
			c.find(param, value, "", errColon) // a part of the name would be replaced
			continue
		}
		for _, span := range spans {
			offset := len(param) + 1
			edits = c.editSpan(edits, w, param, value[span.From:span.To], offset+span.From, offset+span.To)
		}
	}
	return edits
}

var (
	journalNumber = regexp.MustCompile(`(?:^|[,:])(journal_dev=([0-9a-fA-Fx]+))`)
	errJournal    = errors.New("it is the number of the disk of the old machine that holds the journal")
)

// findJournal finds mount options that give the device of a journal by its number.
func (c *cmdlineEditor) findJournal(param, value string) {
	for _, m := range journalNumber.FindAllStringSubmatch(value, -1) {
		if name, ok := devname.Numbered(m[2]); ok && devname.IsStale(name) {
			c.find(param, m[1], "", errJournal)
		}
	}
}

// editSpan adds the edit that replaces text[from:to] of a word, which means the
// device spec.
func (c *cmdlineEditor) editSpan(edits []conf.Edit, w conf.Word, param, spec string, from, to int) []conf.Edit {
	name, err := c.name(param, spec)
	if err != nil {
		c.find(param, spec, "", err)
		return edits
	}
	if name == spec { // it holds on the new machine
		return edits
	}
	e, ok := w.Replace(from, to, name)
	if !ok || len(edits) > 0 && edits[len(edits)-1].End > e.Start {
		c.find(param, spec, "", fmt.Errorf("its quoting leaves no room for %s", name))
		return edits
	}
	return append(edits, e)
}

func (c *cmdlineEditor) form(param string) devname.Form {
	switch {
	case kernelParams[param], c.noInitramfs && tagParams[param]:
		return devname.AsPartUUID
	case tagParams[param]:
		return devname.AsTag
	}
	// Who took a path of /dev takes another one.
	return devname.AsPath
}

func (c *cmdlineEditor) name(param, spec string) (string, error) {
	f := c.form(param)
	name, err := c.names.Stable(spec, f)
	if err == nil || c.otherOS || param != "root" && param != "real_root" || !c.names.HasRoot {
		return name, err
	}
	// The kernel is this guest's, so what it has to mount is this guest's root.
	root, rootErr := c.names.StableOf(c.names.Root, f)
	if rootErr != nil {
		return "", err
	}
	c.find(param, spec, root, nil)
	return root, nil
}

func (c *cmdlineEditor) find(param, spec, name string, err error) {
	c.findings = append(c.findings, finding{where: c.where, param: param, spec: spec, name: name, err: err, otherOS: c.otherOS})
}

// editCmdline edits text that is a kernel command line and nothing else.
func (c *cmdlineEditor) editCmdline(text string) string {
	return conf.ApplyEdits(text, c.editWords(conf.KernelWords(text)))
}

// editPlainCmdline is editCmdline as a whole file's edit: /etc/kernel/cmdline.
func editPlainCmdline(text string, s bootScope) (string, []finding) {
	c := cmdlineEditor{names: s.names}
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		if !strings.HasPrefix(strings.TrimLeft(line, conf.Blanks), "#") {
			lines[i] = c.editCmdline(line)
		}
	}
	return strings.Join(lines, ""), c.findings
}
