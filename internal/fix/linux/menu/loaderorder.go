package menu

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// loaderOrder is by what systemd-boot sorts the entries of its menu, of which it starts
// the first where no setting chooses one: boot_entry_compare() of its boot.c.
type loaderOrder struct {
	id                          string // with its suffix, in lower case
	sortKey, machineID, version string
	left, done                  int // attempts to boot it; left is -1 where they are not counted
}

// newLoaderOrder is that of a file whose name may count attempts: x+3-1.conf has three
// left of four.
func newLoaderOrder(file string) loaderOrder {
	base := strings.ToLower(path.Base(file))
	suffix := path.Ext(base)
	stem := strings.TrimSuffix(base, suffix)
	o := loaderOrder{id: base, left: -1}
	if at := strings.LastIndexByte(stem, '+'); at > 0 {
		left, done, counted := strings.Cut(stem[at+1:], "-")
		n, err := strconv.Atoi(left)
		m, doneErr := strconv.Atoi(done)
		if err == nil && (doneErr == nil || !counted) {
			o.id, o.left, o.done = stem[:at]+suffix, n, m
		}
	}
	return o
}

func compareLoaderOrders(a, b loaderOrder) int {
	last := func(is bool) int {
		if is {
			return 1
		}
		return 0
	}
	order := cmp.Or(cmp.Compare(last(a.left == 0), last(b.left == 0)), cmp.Compare(last(a.sortKey == ""), last(b.sortKey == "")))
	if order == 0 && a.sortKey != "" {
		order = cmp.Or(cmp.Compare(a.sortKey, b.sortKey), cmp.Compare(a.machineID, b.machineID), compareLoaderVersions(b.version, a.version))
	}
	if order = cmp.Or(order, compareLoaderVersions(b.id, a.id)); order != 0 || a.left < 0 || b.left < 0 {
		return order
	}
	return cmp.Or(cmp.Compare(b.left, a.left), cmp.Compare(a.done, b.done))
}

// compareLoaderVersions orders versions as systemd-boot does: the Version Format
// Specification, https://uapi-group.org/specifications/specs/version_format_specification/.
func compareLoaderVersions(a, b string) int {
	run := func(s string, is func(rune) bool) int {
		if end := strings.IndexFunc(s, func(r rune) bool { return !is(r) }); end >= 0 {
			return end
		}
		return len(s)
	}
	between := func(r rune) bool { return !isDigit(r) && !isLetter(r) && !strings.ContainsRune("~-^.", r) }
	for {
		a, b = strings.TrimLeftFunc(a, between), strings.TrimLeftFunc(b, between)
		for _, mark := range []string{"~", "", "-", "^", "."} {
			if mark == "" { // the end is behind ~ and before all others
				if a == "" || b == "" {
					return cmp.Compare(len(a), len(b))
				}
				continue
			}
			restA, hasA := strings.CutPrefix(a, mark)
			restB, hasB := strings.CutPrefix(b, mark)
			if hasA != hasB {
				if hasA {
					return -1
				}
				return 1
			}
			a, b = restA, restB
		}
		digitsA, digitsB := run(a, isDigit), run(b, isDigit)
		if digitsA > 0 || digitsB > 0 {
			if digitsA == 0 || digitsB == 0 {
				return cmp.Compare(digitsA, digitsB)
			}
			x, y := strings.TrimLeft(a[:digitsA], "0"), strings.TrimLeft(b[:digitsB], "0")
			if order := cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y)); order != 0 {
				return order
			}
			a, b = a[digitsA:], b[digitsB:]
			continue
		}
		lettersA, lettersB := run(a, isLetter), run(b, isLetter)
		shared := min(lettersA, lettersB)
		if order := cmp.Or(cmp.Compare(a[:shared], b[:shared]), cmp.Compare(lettersA, lettersB)); order != 0 {
			return order
		}
		a, b = a[lettersA:], b[lettersB:]
	}
}

// firstOfLoader is what systemd-boot starts where no setting of the guest's disks chooses:
// what was chosen in its menu is in the old machine's firmware. It is the file of an entry
// or of a unified kernel image; or nothing, where systemd-boot is not seen to be there.
func (r *reader) firstOfLoader() (file string, err error) {
	shows, err := r.showsLoaderMenu()
	if err != nil || !shows {
		return "", err
	}
	orders := map[string]loaderOrder{}
	for _, loader := range loaderDirectories {
		err := r.edit.EachFile(path.Join(loader.directory, "*.conf"), func(file, text string) error {
			if o, ok := r.loaderOrderOf(file, text, loader.mounts); ok {
				orders[file] = o
			}
			return nil
		})
		if err != nil {
			return "", err
		}
	}
	images, err := UnifiedImages(r.edit)
	if err != nil {
		return "", err
	}
	system, err := r.osRelease()
	if err != nil {
		return "", err
	}
	for _, image := range images {
		if isFallback(image) {
			continue
		}
		o := newLoaderOrder(image)
		o.sortKey = cmp.Or(system["IMAGE_ID"], system["ID"])
		o.version = cmp.Or(system["IMAGE_VERSION"], system["VERSION"], system["VERSION_ID"], system["BUILD_ID"])
		orders[image] = o
	}
	for _, at := range slices.Sorted(maps.Keys(orders)) {
		if file == "" || compareLoaderOrders(orders[at], orders[file]) < 0 {
			file = at
		}
	}
	return file, nil
}

// loaderOrderOf is by what an entry is sorted; ok is false for one that the menu does not
// show, as it has no program, or one that is not there.
func (r *reader) loaderOrderOf(file, text string, mounts []string) (o loaderOrder, ok bool) {
	o = newLoaderOrder(file)
	for line := range strings.Lines(text) {
		switch key, value := conf.LoaderField(line); key {
		case "sort-key":
			o.sortKey = value
		case "machine-id":
			o.machineID = value
		case "version":
			o.version = value
		case "linux", "efi", "uki":
			ok = r.finder.locateUnder(mounts, value).State != Missing
		}
	}
	return o, ok
}

// showsLoaderMenu reports whether it is systemd-boot that shows the entries: it has its
// program or its settings in the guest, or no GRUB is there that could show them.
func (r *reader) showsLoaderMenu() (bool, error) {
	if !r.only(guest.FirmwareUEFI) {
		return false, nil
	}
	_, settings, err := r.loaderDefaults()
	if err != nil || len(settings) > 0 {
		return err == nil, err
	}
	directories, err := r.espDirectories()
	if err != nil {
		return false, err
	}
	grub := len(r.grubBelowBoot()) > 0
	for _, directory := range directories {
		programs, err := r.edit.List(directory, "systemd-boot*.[eE][fF][iI]")
		if err != nil || len(programs) > 0 {
			return err == nil, err
		}
		grub = grub || r.finder.isFile(path.Join(directory, "grub.cfg"))
	}
	entries, err := r.entriesOfLoader()
	return len(entries) > 0 && !grub, err
}

// osRelease is what the guest says of its system: os-release(5).
func (r *reader) osRelease() (map[string]string, error) {
	_, text, err := r.firstOf("/etc/os-release", "/usr/lib/os-release")
	return conf.Assignments(text), err
}
