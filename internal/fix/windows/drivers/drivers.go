// Package drivers chooses from virtio-win what a Windows guest needs.
package drivers

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// Folder is where the files of all drivers go in the guest, flat, below the folder
// of Windows. devicePath is the same as Windows' own search path has it.
const (
	Folder     = `Drivers\VirtIO`
	devicePath = `%SystemRoot%\` + Folder
)

// Limits of what is read. The largest of virtio-win's files, an installer, has some
// 10 MiB, and all of it some 6000 names.
const (
	maxNames = 200_000
	maxFile  = 256 << 20 // bytes
)

// The driver for network cards, in lower case.
const network = "netkvm"

// modern are the devices of disks as QEMU has them on PCI Express, by driver.
var modern = map[string]string{"viostor": "VEN_1AF4&DEV_1042", "vioscsi": "VEN_1AF4&DEV_1048"}

// File is a file for the guest.
type File struct {
	// Name is what it is to be called: in lower case, and without a folder.
	Name string
	// Source is its path in virtio-win, with slashes.
	Source string
	// Size is in bytes.
	Size int64
}

// Driver is one of those chosen.
type Driver struct {
	// Name is that of its INF in lower case, without the extension.
	Name string
	// Devices are the PCI devices of its INF: "VEN_1AF4&DEV_1000&SUBSYS_00011AF4&REV_00".
	Devices []string
	// Essential says that the guest has no disk or no network without it.
	Essential bool
}

// INF is the name of the driver's installation file in the guest.
func (d Driver) INF() string { return d.Name + ".inf" }

// Choice is what a guest gets.
type Choice struct {
	tree *Tree
	// Version is the folder that the drivers come from, "w10".
	Version string
	// Drivers come with the essential ones first, that of the disks before all.
	Drivers []Driver
	// Files are those of all drivers. They go to Folder.
	Files []File
	// Program is the one of Files that Windows starts from: it goes to
	// System32\drivers, too.
	Program File
	// Agent is the installer of QEMU's guest agent, if there is one.
	Agent *File
	// Balloon is the program among Files that is the service of the balloon
	// driver, if there is one.
	Balloon *File
	// Publishers are the certificates (X.509, DER) of those that signed the drivers and
	// are not Microsoft, each once: Windows asks a person whether it may trust them.
	Publishers [][]byte
	// Warnings are for the report.
	Warnings []string
}

// Read returns the content of a file.
func (c *Choice) Read(f File) ([]byte, error) { return c.tree.read(f.Source) }

// found is a file of virtio-win that may be of use.
type found struct {
	File
	place place
}

// wanted are the extensions of what a driver is made of.
var wanted = []string{".inf", ".cat", ".sys", ".dll", ".exe"}

// Choose chooses for a Windows of a version, on a processor of the kind that guests
// have ("x86_64"), that starts from a disk with the driver block ("viostor",
// "vioscsi"). It changes nothing.
func Choose(tree *Tree, s registry.Software, arch, block string) (*Choice, error) {
	version := folderOf(s)
	if version == "" {
		return nil, remedy.With(fmt.Errorf("virtio-win has no drivers for Windows %s (%s)", s.Version(), cmp.Or(s.Product, "of an unknown name")), leaveOut)
	}
	if _, known := processors[arch]; !known {
		return nil, remedy.With(fmt.Errorf("virtio-win has no drivers for processors of the kind %q", arch), leaveOut)
	}
	all, agents, err := tree.index()
	if err != nil {
		return nil, err
	}
	chosen := &Choice{tree: tree, Version: version, Agent: agentFor(agents, arch)}
	fits := slices.DeleteFunc(slices.Clone(all), func(f found) bool { return f.place.version != version || f.place.arch != arch })
	fits = slices.DeleteFunc(fits, isLeftOut(fits))
	chosen.takeFiles(fits)
	if err := chosen.describe(arch, block); err != nil {
		return nil, err
	}
	for _, name := range []string{block, network} {
		if !slices.ContainsFunc(chosen.Drivers, func(d Driver) bool { return d.Name == name }) {
			return nil, missing(tree, all, name, s, version, arch)
		}
	}
	for _, name := range []string{network, block} {
		at := slices.IndexFunc(chosen.Files, func(f File) bool { return f.Name == name+".sys" })
		if at < 0 || chosen.Files[at].Size == 0 {
			what := fmt.Sprintf("but no %s.sys", name)
			if at >= 0 {
				what = fmt.Sprintf("and %s is empty", chosen.Files[at].Source)
			}
			return nil, remedy.With(fmt.Errorf("%s has %s.inf for %s, %s", tree.Path, name, cmp.Or(s.Product, "Windows "+s.Version()), what), "download virtio-win once more")
		}
		chosen.Program = chosen.Files[at]
	}
	return chosen, nil
}

// leaveOut is what to do where no virtio-win serves.
const leaveOut = "leave virtio_win out: the guest is then prepared for a SATA disk and an e1000e card"

// missing is the error of a virtio-win without an essential driver.
func missing(tree *Tree, all []found, driver string, s registry.Software, version, arch string) error {
	others := map[string]bool{}
	for _, f := range all {
		if f.Name == driver+".inf" && f.place.arch == arch {
			others[f.place.version] = true
		}
	}
	has := "it has that driver for no version"
	if len(others) > 0 {
		has = "it has that driver for " + strings.Join(slices.Sorted(maps.Keys(others)), ", ")
	}
	return remedy.With(
		fmt.Errorf("%s has no driver %s for %s, which would be in a folder %s/%s: %s", tree.Path, driver,
			cmp.Or(s.Product, "Windows "+s.Version()), version, processors[arch][0], has),
		"name another release of virtio-win: a new one for a new Windows, or an old one for an old Windows, which new ones leave out; or leave virtio_win out, and the guest "+
			"is prepared for a SATA disk and an e1000e card")
}

// guestAgent matches the installers, also as ISO 9660 without extensions has them.
var guestAgent = regexp.MustCompile(`^qemu[-_]ga[-_](?:x86[-_]64|x64|i386|x86)\.msi$`)

// index finds all drivers, and the installers of the guest agent.
func (t *Tree) index() (all, agents []found, err error) {
	names := 0
	err = fs.WalkDir(t.files, ".", func(at string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if names++; names > maxNames {
			return fmt.Errorf("it has more than %d files, which no virtio-win has", maxNames)
		}
		if entry.IsDir() {
			if strings.EqualFold(entry.Name(), "sriov") {
				return fs.SkipDir
			}
			return nil
		}
		name := strings.ToLower(entry.Name())
		f := found{File: File{Name: name, Source: at}, place: placeOf(path.Dir(at))}
		isAgent := guestAgent.MatchString(name)
		if !isAgent && (f.place.version == "" || !slices.Contains(wanted, path.Ext(name))) {
			return nil
		}
		info, err := entry.Info()
		if entry.Type()&fs.ModeSymlink != 0 { // packages have links
			info, err = fs.Stat(t.files, at)
		}
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return nil
		}
		f.Size = info.Size()
		if isAgent {
			agents = append(agents, f)
		} else {
			all = append(all, f)
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", t.Path, err)
	}
	return all, agents, nil
}

// agentFor is the installer for a processor.
func agentFor(agents []found, arch string) *File {
	bits64 := arch == "x86_64"
	for _, agent := range agents {
		if arch != "aarch64" && strings.Contains(agent.Name, "64") == bits64 {
			return &agent.File
		}
	}
	return nil
}

// isLeftOut tells files that no guest gets. vioprot binds cards of two drivers
// together, and one of the two drivers of fwcfg is for developers.
func isLeftOut(fits []found) func(found) bool {
	hasFwcfg := slices.ContainsFunc(fits, func(f found) bool { return f.Name == "fwcfg.inf" })
	return func(f found) bool {
		stem := strings.TrimSuffix(f.Name, path.Ext(f.Name))
		return stem == "vioprot" || stem == "qemufwcfg" && hasFwcfg
	}
}

// takeFiles takes each file once. Drivers share libraries, and packages have every
// driver twice, in folders of drivers and of versions: the former go first.
func (c *Choice) takeFiles(fits []found) {
	slices.SortStableFunc(fits, func(a, b found) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(b.place.driver, a.place.driver), strings.Compare(a.Source, b.Source))
	})
	for _, f := range fits {
		if last := len(c.Files) - 1; last >= 0 && c.Files[last].Name == f.Name {
			if c.Files[last].Size != f.Size {
				c.Warnings = append(c.Warnings, fmt.Sprintf("virtio-win has two different files %s for this guest: %s is taken, not %s",
					f.Name, c.Files[last].Source, f.Source))
			}
			continue
		}
		c.Files = append(c.Files, f.File)
		if f.Name == "blnsvr.exe" {
			c.Balloon = &f.File
		}
	}
}

// describe reads what the drivers say of themselves.
func (c *Choice) describe(arch, block string) error {
	for _, f := range c.Files {
		name, isINF := strings.CutSuffix(f.Name, ".inf")
		if !isINF {
			continue
		}
		data, err := c.Read(f)
		if err != nil {
			return err
		}
		said := readINF(data)
		driver := Driver{Name: name, Devices: said.devices, Essential: name == block || name == network}
		c.Drivers = append(c.Drivers, driver)
		if name == block && modern[block] != "" && !said.drives(modern[block]) {
			c.Warnings = append(c.Warnings, fmt.Sprintf("the driver %s of %s is an old one: it does not know the disk controllers that QEMU has on PCI Express. "+
				"Give the new machine a controller with disable-legacy=off, or name a newer virtio-win", block, c.tree.Path))
		}
		signed, err := c.isSigned(said)
		if err != nil {
			return err
		}
		if !signed && driver.Essential && arch != "i386" {
			c.Warnings = append(c.Warnings, fmt.Sprintf("the driver %s for %s in %s is not signed, or for tests alone: Microsoft did not certify its signer. "+
				"A Windows for 64 bits does not load it, unless test signing is on. Name a release of virtio-win whose drivers for this version are signed", name, c.Version, c.tree.Path))
		}
	}
	rank := func(d Driver) int {
		return slices.Index([]string{block, network}, d.Name)
	}
	slices.SortStableFunc(c.Drivers, func(a, b Driver) int {
		switch {
		case a.Essential && b.Essential:
			return cmp.Compare(rank(a), rank(b))
		case a.Essential:
			return -1
		case b.Essential:
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	return nil
}

// isSigned says that one of a driver's catalogues is there and signed for good, and
// notes by whom.
func (c *Choice) isSigned(said inf) (bool, error) {
	for _, catalog := range said.catalogs {
		at := slices.IndexFunc(c.Files, func(f File) bool { return f.Name == catalog })
		if at < 0 {
			continue
		}
		data, err := c.Read(c.Files[at])
		if err != nil {
			return false, err
		}
		signed, publisher := readCatalog(data)
		if !signed {
			continue
		}
		if publisher != nil && !slices.ContainsFunc(c.Publishers, func(known []byte) bool { return bytes.Equal(known, publisher) }) {
			c.Publishers = append(c.Publishers, publisher)
		}
		return true, nil
	}
	return false, nil
}

func (t *Tree) read(name string) ([]byte, error) {
	opened, err := t.files.Open(name)
	if err != nil {
		return nil, fmt.Errorf("reading %s of %s: %w", name, t.Path, err)
	}
	defer func() { _ = opened.Close() }()
	data, err := io.ReadAll(io.LimitReader(opened, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = errors.New("it is larger than any driver")
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s of %s: %w", name, t.Path, err)
	}
	return data, nil
}

// AddDevicePath has Windows look for drivers in Folder, by its hive SOFTWARE.
func AddDevicePath(e *registry.Edited) error {
	const key, name = `Microsoft\Windows\CurrentVersion`, "DevicePath"
	value, has, err := registry.Get(e, key, name)
	if err != nil {
		return err
	}
	if !has || value.Type != registry.String && value.Type != registry.Expand {
		value = registry.TextValue(name, registry.Expand, `%SystemRoot%\inf`)
	}
	entries := strings.Split(value.Text(), ";")
	if slices.ContainsFunc(entries, func(entry string) bool { return strings.EqualFold(strings.TrimSuffix(entry, `\`), devicePath) }) {
		return nil
	}
	return e.Set(key, registry.TextValue(value.Name, value.Type, strings.TrimSuffix(value.Text(), ";")+";"+devicePath))
}
