package bootloader

import (
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
	// foreign is set for an entry whose kernel is not in this guest.
	foreign bool
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
	// bare is set where the kernel starts without an initramfs: it then knows
	// PARTUUID= and no other tag.
	bare bool
	// foreign is set if the kernel does not belong to this guest.
	foreign  bool
	findings []finding
}

// deviceParams are the kernel parameters that name a device, and where in
// their value it stands.
var deviceParams = map[string]func(value string) (from, to int){
	"root":        afterPrefix,
	"real_root":   afterPrefix, // Gentoo
	"resume":      afterPrefix,
	"real_resume": afterPrefix,
	"resume2":     afterPrefix,
	"mount.usr":   afterPrefix,
	"crypt_root":  afterPrefix,
	"crypt_swap":  afterPrefix,
	"cryptdevice": firstField,  // Arch: device:name:options
	"cryptkey":    firstField,  // Arch: device:type:path
	"cryptopts":   sourceField, // Debian: target=x,source=device,...
	"rd.luks.key": secondField, // path:device:encrypted device
}

// prefixed is a kind of resume or root device before the device itself.
var prefixed = regexp.MustCompile(`^(block|swap|file):`)

func afterPrefix(value string) (int, int) {
	return len(prefixed.FindString(value)), len(value)
}

func firstField(value string) (int, int) {
	if i := strings.IndexByte(value, ':'); i >= 0 {
		return 0, i
	}
	return 0, len(value)
}

func secondField(value string) (int, int) {
	_, end := firstField(value)
	if end == len(value) {
		return end, end
	}
	from := end + 1
	_, length := firstField(value[from:])
	return from, from + length
}

func sourceField(value string) (int, int) {
	from := 0
	for _, field := range strings.Split(value, ",") {
		if strings.HasPrefix(field, "source=") {
			return from + len("source="), from + len(field)
		}
		from += len(field) + 1
	}
	return 0, 0
}

// editWords returns the edits that give the parameters of a kernel stable
// names.
func (c *cmdlineEditor) editWords(words []conf.Word) []conf.Edit {
	var edits []conf.Edit
	for _, w := range words {
		param, value, ok := strings.Cut(w.Text, "=")
		locate := deviceParams[param]
		if !ok || locate == nil {
			continue
		}
		from, to := locate(value)
		spec := value[from:to]
		if !devname.IsStale(spec) {
			continue
		}
		name, err := c.name(param, spec)
		if err != nil {
			c.find(param, spec, "", err)
			continue
		}
		offset := len(param) + 1
		e, ok := w.Replace(offset+from, offset+to, name)
		if !ok {
			c.find(param, spec, "", fmt.Errorf("its quoting leaves no room for %s", name))
			continue
		}
		edits = append(edits, e)
	}
	return edits
}

func (c *cmdlineEditor) name(param, spec string) (string, error) {
	f := devname.AsTag
	if c.bare {
		f = devname.AsPartUUID
	}
	name, err := c.names.Stable(spec, f)
	if err == nil || c.foreign || param != "root" && param != "real_root" || !c.names.HasRoot {
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
	c.findings = append(c.findings, finding{where: c.where, param: param, spec: spec, name: name, err: err, foreign: c.foreign})
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
