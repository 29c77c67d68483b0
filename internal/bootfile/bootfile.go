// Package bootfile lists the files that boot loaders read, and those that their menus
// are made from: where they lie, how they are written, and what is done with them. It
// is the only list; whoever reads, edits or judges such files takes it from here.
package bootfile

import (
	"path"
	"slices"
	"strings"
)

// Format is how a file is written.
type Format string

// The formats of files.
const (
	GrubScript      Format = "script of GRUB 2"
	GrubEnvironment Format = "environment block of GRUB 2"
	GrubLegacy      Format = "menu of GRUB Legacy"
	LoaderEntry     Format = "entry of the Boot Loader Specification"
	LoaderConf      Format = "settings of systemd-boot"
	Syslinux        Format = "menu of syslinux"
	RefindLinux     Format = "kernel options of rEFInd"
	Refind          Format = "settings of rEFInd"
	Limine          Format = "menu of Limine"
	Elilo           Format = "menu of ELILO"
	Lilo            Format = "menu of LILO"
	GrubDefaults    Format = "settings of grub-mkconfig"
	GrubCustom      Format = "script of grub-mkconfig"
	PerlBootloader  Format = "settings of perl-Bootloader"
	UpdateExtlinux  Format = "settings of update-extlinux"
	Cmdline         Format = "kernel command line"
)

// ESPs are the directories at which the EFI system partition is mounted.
var ESPs = []string{"/boot/efi", "/efi", "/boot"}

// Vendors are the directories of the EFI system partition, each with a "*" for the
// name of a vendor, in which loaders have their files.
var Vendors = []string{"/boot/efi/EFI/*", "/efi/EFI/*", "/boot/EFI/*"}

// row is a kind of file.
type row struct {
	format Format
	// directories may end in "*"; names are of files in them, as path.Match has them.
	directories, names []string
	// first are those of the names that a loader begins with, where the others only
	// count if one of these leads to them.
	first []string
	// atBoot is set if a loader reads the file at boot, startsKernels if it has entries
	// that start one, commandLine if it has parameters of kernels.
	atBoot, startsKernels, commandLine bool
	// unedited says why names of devices in it stay, or nothing.
	unedited string
}

// rows are in the order in which they are edited: what others are made from first. No
// file is in two rows.
var rows = []row{
	{format: GrubDefaults, directories: []string{"/etc/default"}, names: []string{"grub"}, commandLine: true},
	{format: GrubDefaults, directories: []string{"/etc/default/grub.d"}, names: []string{"*.cfg"}, commandLine: true},
	{format: GrubCustom, directories: []string{"/etc/grub.d"}, names: []string{"40_custom", "41_custom"}, commandLine: true},
	{format: PerlBootloader, directories: []string{"/etc/sysconfig"}, names: []string{"bootloader"}, commandLine: true},
	{format: UpdateExtlinux, directories: []string{"/etc"}, names: []string{"update-extlinux.conf"}, commandLine: true},
	{format: Cmdline, directories: []string{"/etc/kernel"}, names: []string{"cmdline"}, commandLine: true},
	{format: Cmdline, directories: []string{"/etc/cmdline.d"}, names: []string{"*.conf"}, commandLine: true},
	{format: Elilo, directories: []string{"/etc"}, names: []string{"elilo.conf"}, commandLine: true},
	{
		format: GrubEnvironment, directories: slices.Concat([]string{"/boot/grub2", "/boot/grub"}, Vendors), names: []string{"grubenv"},
		atBoot: true, commandLine: true,
	},
	{ // what the menus of Photon OS and CBL-Mariner read besides
		format: GrubEnvironment, directories: []string{"/boot"}, names: []string{"photon.cfg", "mariner.cfg", "systemd.cfg"},
		atBoot: true, commandLine: true,
	},
	{
		format: GrubScript, directories: []string{"/boot/grub2", "/boot/grub"}, names: []string{"*.cfg"}, first: []string{"grub.cfg"},
		atBoot: true, startsKernels: true, commandLine: true,
	},
	{ // *.cfg may be another loader's there
		format: GrubScript, directories: Vendors, names: []string{"grub*.cfg", "custom.cfg", "user.cfg"}, first: []string{"grub.cfg"},
		atBoot: true, startsKernels: true, commandLine: true,
	},
	{
		format: GrubLegacy, directories: []string{"/boot/grub"}, names: []string{"menu.lst", "grub.conf"},
		atBoot: true, startsKernels: true, commandLine: true,
	},
	{format: GrubLegacy, directories: Vendors, names: []string{"grub.conf"}, atBoot: true, startsKernels: true, commandLine: true},
	{
		format: LoaderEntry, directories: below(ESPs, "loader/entries"), names: []string{"*.conf"},
		atBoot: true, startsKernels: true, commandLine: true,
	},
	{
		format: LoaderConf, directories: below(ESPs, "loader"), names: []string{"loader.conf"}, atBoot: true,
		unedited: "it names entries, and no devices",
	},
	{
		format: Syslinux, directories: []string{"/boot/extlinux", "/boot/syslinux"}, names: []string{"*.conf", "*.cfg"},
		first: []string{"extlinux.conf", "syslinux.cfg"}, atBoot: true, startsKernels: true, commandLine: true,
	},
	{
		format: Syslinux, directories: []string{"/boot", "/"}, names: []string{"extlinux.conf", "syslinux.cfg"},
		atBoot: true, startsKernels: true, commandLine: true,
	},
	{format: Syslinux, directories: Vendors, names: []string{"syslinux.cfg"}, atBoot: true, startsKernels: true, commandLine: true},
	{
		format: RefindLinux, directories: slices.Concat([]string{"/boot"}, Vendors), names: []string{"refind_linux.conf"},
		atBoot: true, startsKernels: true, commandLine: true,
	},
	{format: Refind, directories: Vendors, names: []string{"refind.conf"}, atBoot: true, startsKernels: true, commandLine: true},
	{
		format: Limine, directories: slices.Concat(ESPs, below(ESPs, "limine"), Vendors), names: []string{"limine.conf", "limine.cfg"},
		atBoot: true, startsKernels: true, commandLine: true,
	},
	{
		format: Elilo, directories: slices.Concat([]string{"/boot/efi", "/efi"}, Vendors), names: []string{"elilo.conf"},
		atBoot: true, startsKernels: true, commandLine: true,
	},
	{
		format: Lilo, directories: []string{"/etc"}, names: []string{"lilo.conf"}, atBoot: true, startsKernels: true, commandLine: true,
		unedited: "LILO starts what its own program wrote down, which has to be run again",
	},
}

func below(directories []string, name string) []string {
	var paths []string
	for _, directory := range directories {
		paths = append(paths, path.Join(directory, name))
	}
	return paths
}

// File is a place of the list: the files of one format whose paths match a pattern.
type File struct {
	Pattern string // of paths, as path.Match has it; the directory may end in "*"
	Format  Format
	// AtBoot is set if a boot loader reads the file at boot: a stale root= in it keeps
	// the guest from booting. The others only shape what the guest's tools write later.
	AtBoot bool
	// StartsKernels is set if the file has entries that start kernels.
	StartsKernels bool
	// CommandLine is set if the file has parameters of kernels.
	CommandLine bool
	// Unedited says why names of devices in the file stay as they are, or nothing.
	Unedited string
	// first are the names that a loader begins with; none where it is any.
	first []string
}

// Files are all places, in the order in which they are edited: what others are made from
// first. No file lies at two of them.
func Files() []File {
	var files []File
	for _, r := range rows {
		for _, directory := range r.directories {
			for _, name := range r.names {
				files = append(files, File{
					Pattern: path.Join(directory, name), Format: r.format, AtBoot: r.atBoot, StartsKernels: r.startsKernels,
					CommandLine: r.commandLine, Unedited: r.unedited, first: r.first,
				})
			}
		}
	}
	return files
}

// Where are the places for which a condition holds.
func Where(holds func(File) bool) []File {
	return slices.DeleteFunc(Files(), func(f File) bool { return !holds(f) })
}

// Matches reports whether the file at a guest's path lies at the place.
func (f File) Matches(name string) bool {
	fits, _ := path.Match(f.Pattern, name)
	return fits
}

// Of is the place at which the file at a guest's path lies; ok is false for one that is
// no file of a boot loader.
func Of(name string) (f File, ok bool) {
	for _, f := range Files() {
		if f.Matches(name) {
			return f, true
		}
	}
	return File{}, false
}

// Menus are the paths of the files that a loader begins with, as path.Match has them.
func (f File) Menus() []string {
	if len(f.first) == 0 {
		return []string{f.Pattern}
	}
	directory, base := path.Split(f.Pattern)
	var paths []string
	for _, name := range f.first {
		if fits, _ := path.Match(base, name); fits {
			paths = append(paths, directory+name)
		}
	}
	return paths
}

// OnFilesystem are the paths of menus that start kernels, as path.Match has them, from
// the top of a file system of which it is not known where it is mounted: that of /boot,
// the EFI system partition, a root, or a btrfs with roots below its top.
func OnFilesystem() []string {
	var paths []string
	for _, f := range Where(func(f File) bool { return f.StartsKernels && f.Format != Lilo }) { // LILO does not read its file at boot
		for _, menu := range f.Menus() {
			paths = append(paths, menu)
			if strings.HasPrefix(menu, "/boot/") {
				paths = append(paths, "/*"+menu)
			}
			for _, mount := range ESPs {
				if rest, ok := strings.CutPrefix(menu, mount+"/"); ok {
					paths = append(paths, "/"+rest)
				}
			}
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}
