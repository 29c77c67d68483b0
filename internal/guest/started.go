package guest

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/bootfile"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// Menu is the text of a boot loader's menu on one of the guest's file systems.
type Menu struct {
	Device string // the appliance's name
	Path   string // from the top of the file system
	Text   string
}

// maxMenu is a size in bytes that no menu has.
const maxMenu = 1 << 20

// FindMenus reads the menus on a file system. What cannot be read tells nothing.
func FindMenus(device string, readDir func(string) ([]string, error), readFile func(string) ([]byte, error)) []Menu {
	var menus []Menu
	listed := map[string][]string{}
	list := func(directory string) []string {
		if _, ok := listed[directory]; !ok {
			listed[directory], _ = readDir(directory) // none, where it cannot be read
		}
		return listed[directory]
	}
	seen := map[string]bool{}
	for _, place := range bootfile.OnFilesystem() {
		found := []string{"/"}
		for part := range strings.SplitSeq(place[1:], "/") {
			var next []string
			for _, above := range found {
				for _, name := range list(above) {
					if ok, _ := path.Match(part, name); ok {
						next = append(next, path.Join(above, name))
					}
				}
			}
			found = next
		}
		for _, file := range found {
			if seen[file] {
				continue
			}
			seen[file] = true
			if text, err := readFile(file); err == nil && len(text) <= maxMenu {
				menus = append(menus, Menu{Device: device, Path: file, Text: string(text)})
			}
		}
	}
	return menus
}

// start is a root file system that a menu starts.
type start struct {
	device    Device
	subvolume string // "" where none is named
	weight    int
}

// How much the menus' words weigh.
const (
	mentioned = 1 // by an entry
	byDefault = 2 // by the entry that is started by itself
	ledTo     = 3 // by what the firmware starts, which leads to the system's own menu
)

// startsOf reads the menus for the systems that they start. It reads what an entry
// says and not what a script might compute.
func startsOf(menus []Menu, devices Devices) []start {
	var starts []start
	for _, m := range menus {
		switch base := path.Base(m.Path); {
		case strings.HasSuffix(base, ".conf") && strings.HasSuffix(path.Dir(m.Path), "/entries"):
			parameters := ""
			for line := range strings.Lines(m.Text) {
				if key, value := conf.LoaderField(line); key == "options" {
					parameters += " " + value
				}
			}
			starts = append(starts, startOf(strings.Fields(parameters), "", mentioned, devices)...)
		case base == "grub.cfg":
			starts = append(starts, grubStarts(m.Text, devices)...)
		default: // a menu whose lines have parameters, in quotes or not
			for line := range strings.Lines(m.Text) {
				if strings.HasPrefix(strings.TrimSpace(line), "#") {
					continue
				}
				words := strings.FieldsFunc(line, func(r rune) bool { return r == '"' || unicode.IsSpace(r) })
				starts = append(starts, startOf(words, "", mentioned, devices)...)
			}
		}
	}
	return starts
}

// grubStarts reads a menu of GRUB 2, and what leads to one from the EFI system
// partition.
func grubStarts(text string, devices Devices) []start {
	var starts []start
	depth, choice, wanted := 0, -1, "0"
	var searched Device
	found := false
	for _, statement := range conf.ParseGrub(text) {
		command := statement.Command()
		if len(command) == 0 {
			continue
		}
		switch name := command[0].Text; {
		case name == "{":
			depth++
		case name == "}":
			depth--
		case (name == "menuentry" || name == "submenu") && depth == 0:
			choice++
		case name == "search.fs_uuid" || name == "search":
			for _, w := range command[1:] {
				if d, ok := devices.Resolve("UUID=" + w.Text); ok {
					searched, found = d, true
				}
			}
		case name == "set" && len(command) == 2:
			key, value, _ := strings.Cut(command[1].Text, "=")
			if key == "default" && !strings.Contains(value, "next_entry") {
				wanted = value
			}
			if top, ok := aboveBoot(value); key == "prefix" && found && ok && strings.HasPrefix(value, "(") {
				starts = append(starts, start{device: searched, subvolume: top, weight: ledTo})
			}
		case command.LoadsKernel():
			weight := mentioned
			if n, err := strconv.Atoi(wanted); err == nil && n == choice {
				weight = byDefault
			}
			var words []string
			for _, w := range command[1:] {
				words = append(words, w.Text)
			}
			starts = append(starts, startOf(words, command.KernelImage(), weight, devices)...)
		}
	}
	return starts
}

// aboveBoot is what is above /boot in a path that begins at the top of a file system:
// for btrfs the subvolume. ok is false for a path without /boot.
func aboveBoot(name string) (above string, ok bool) {
	if _, rest, device := strings.Cut(name, ")"); device {
		name = rest
	}
	above, _, ok = strings.Cut(name+"/", "/boot/")
	return strings.Trim(above, "/"), ok
}

// startOf reads the parameters of a kernel, whose image may tell the subvolume where
// they do not.
func startOf(parameters []string, image string, weight int, devices Devices) []start {
	s := start{weight: weight}
	found, named := false, false
	for _, p := range parameters {
		if spec, ok := strings.CutPrefix(p, "root="); ok {
			s.device, found = devices.Resolve(spec)
		}
		flags, ok := strings.CutPrefix(p, "rootflags=")
		if !ok {
			continue
		}
		for flag := range strings.SplitSeq(flags, ",") {
			if subvolume, ok := strings.CutPrefix(flag, "subvol="); ok {
				s.subvolume, named = strings.Trim(subvolume, "/"), true
			}
		}
	}
	if !found {
		return nil
	}
	if top, ok := aboveBoot(image); ok && !named && s.device.FSType == "btrfs" {
		s.subvolume = top
	}
	return []start{s}
}

// startedBy is how much the menus say for the system on a device and subvolume.
func startedBy(starts []start, device, subvolume string, devices Devices) int {
	weight := 0
	i := slices.IndexFunc(devices, func(d Device) bool { return d.Name == device })
	if i < 0 {
		return 0
	}
	for _, s := range starts {
		if holdsSame(s.device, devices[i]) && s.subvolume == strings.Trim(subvolume, "/") {
			weight = max(weight, s.weight)
		}
	}
	return weight
}
