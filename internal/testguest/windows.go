package testguest

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Windows is a guest that looks like a Windows to whoever prepares it: it has a
// system volume with hives, and, with UEFI, an EFI system partition. Nothing in it
// starts: it proves edits, not boots.
type Windows struct {
	Name     string // file-name safe
	Firmware Firmware
	// System and Software are its hives.
	System, Software []byte
	// Files are further files of its system volume, and ESP those of its EFI system
	// partition, by their paths from / on.
	Files, ESP map[string][]byte
}

// Sizes of the disk and of its EFI system partition in MiB, and how long what Windows
// keeps its memory in is, in bytes.
const (
	windowsDiskMiB  = 288
	windowsESPMiB   = 64
	hibernationSize = 16 << 10
)

// files are all files of the system volume.
func (w Windows) files() map[string][]byte {
	files := map[string][]byte{
		"/Windows/System32/config/SYSTEM": w.System, "/Windows/System32/config/SOFTWARE": w.Software,
		"/Windows/System32/cmd.exe": windowsProgram(), "/Windows/System32/drivers/storahci.sys": []byte("driver"),
		"/Windows/explorer.exe": windowsProgram(), "/Program Files/Common Files/desktop.ini": []byte("[.ShellClassInfo]\r\n"),
		"/Users/Public/desktop.ini": []byte("[.ShellClassInfo]\r\n"), "/ProgramData/desktop.ini": []byte("[.ShellClassInfo]\r\n"),
		// A Windows that was woken once has this mark.
		"/hiberfil.sys": append([]byte("WAKE"), make([]byte, hibernationSize-4)...),
		"/pagefile.sys": make([]byte, 4096),
	}
	maps.Copy(files, w.Files)
	return files
}

// windowsProgram is the beginning of a program for 64-bit processors of Intel's kind.
func windowsProgram() []byte {
	program := make([]byte, 512)
	copy(program, "MZ")
	program[0x3c] = 0x80
	copy(program[0x80:], "PE\x00\x00\x64\x86")
	copy(program[0x94:], "\xf0\x00\x22\x00\x0b\x02") // a header of a 64-bit program follows
	program[0x98+68], program[0x98+108] = 3, 16
	return program
}

// windowsLoader is what a boot sector of Windows says.
func windowsLoader() []byte {
	sector := make([]byte, 440)
	copy(sector, "\x33\xc0\x8e\xd0\xbc\x00\x7c")
	copy(sector[0x160:], "Invalid partition table\x00Error loading operating system\x00Missing operating system\x00")
	return sector
}

// volume is the device of the system volume.
func (w Windows) volume() string {
	if w.Firmware == UEFI {
		return "/dev/sda2"
	}
	return "/dev/sda1"
}

// script is what guestfish does.
func (w Windows) script(disk string, trees map[string]string) string {
	lines := []string{"add-drive " + disk + " format:raw", "run"}
	if w.Firmware == UEFI {
		end := 2048 + windowsESPMiB*2048
		lines = append(lines, "part-init /dev/sda gpt",
			fmt.Sprintf("part-add /dev/sda p 2048 %d", end-1), fmt.Sprintf("part-add /dev/sda p %d -2048", end),
			"part-set-gpt-type /dev/sda 1 C12A7328-F81F-11D2-BA4B-00A0C93EC93B", "part-set-gpt-type /dev/sda 2 EBD0A0A2-B9E5-4433-87C0-68B6B72699C7",
			"mkfs vfat /dev/sda1")
	} else {
		lines = append(lines, "part-init /dev/sda mbr", "part-add /dev/sda p 2048 -1", "part-set-mbr-id /dev/sda 1 7", "part-set-bootable /dev/sda 1 true")
	}
	lines = append(lines, "mkfs ntfs "+w.volume(), "mount "+w.volume()+" /", "tar-in "+trees["/"]+" /", "umount /")
	if w.Firmware == UEFI {
		lines = append(lines, "mount /dev/sda1 /", "tar-in "+trees["/efi"]+" /", "umount /")
	}
	return strings.Join(append(lines, ""), "\n")
}

// key identifies the guest.
func (w Windows) key() string {
	sums := map[string]string{}
	for prefix, files := range map[string]map[string][]byte{"": w.files(), "esp:": w.ESP} {
		for name, data := range files {
			sum := sha256.Sum256(data)
			sums[prefix+name] = hex.EncodeToString(sum[:])
		}
	}
	return cacheKey("windows", struct {
		Files  map[string]string
		Script string
		Loader []byte
		MiB    int64
	}{sums, w.script("", map[string]string{}), windowsLoader(), w.sizeMiB()})
}

// BuildWindows returns the path of the guest's disk, a raw image, building it if it is
// not in the cache. The file is shared: never write to it.
func BuildWindows(ctx context.Context, w Windows, log io.Writer) (string, error) {
	dir, err := cachePath()
	if err != nil {
		return "", err
	}
	folder, err := cached(ctx, dir, w.Name+"-"+w.key(), func(folder string) error { return w.build(ctx, folder, log) })
	if err != nil {
		return "", fmt.Errorf("building test guest %q: %w", w.Name, err)
	}
	return filepath.Join(folder, w.Name+".raw"), nil
}

func (w Windows) build(ctx context.Context, folder string, log io.Writer) error {
	work := filepath.Join(folder, "work")
	if err := os.Mkdir(work, 0o755); err != nil {
		return err
	}
	trees := map[string]string{}
	for name, files := range map[string]map[string][]byte{"/": w.files(), "/efi": w.ESP} {
		all := map[string]File{}
		for file, data := range files {
			all[file] = File{Content: string(data)}
		}
		trees[name] = filepath.Join(work, "tree"+strings.ReplaceAll(path.Clean(name), "/", "-")+".tar")
		if err := writeTarFile(trees[name], all); err != nil {
			return err
		}
	}
	disk := filepath.Join(folder, w.Name+".raw")
	if err := createSparse(disk, w.sizeMiB()<<20); err != nil {
		return err
	}
	err := w.mounted(ctx, work, disk, trees, log)
	if errors.Is(err, errNoMounts) {
		scriptFile := filepath.Join(work, "build.guestfish")
		if err := os.WriteFile(scriptFile, []byte(w.script(disk, trees)), 0o644); err != nil {
			return err
		}
		err = run(ctx, log, applianceEnv, "guestfish", "--no-progress-bars", "--file", scriptFile)
	}
	if err != nil {
		return err
	}
	if w.Firmware != UEFI {
		if err := writeAt(disk, 0, windowsLoader()); err != nil {
			return err
		}
	}
	return os.RemoveAll(work)
}

// sizeMiB is the size of the disk. Its volume is as large with an EFI system partition
// as without.
func (w Windows) sizeMiB() int64 {
	if w.Firmware == UEFI {
		return windowsDiskMiB + windowsESPMiB
	}
	return windowsDiskMiB
}

// errNoMounts says that nothing can be mounted on this host.
var errNoMounts = errors.New("mounting takes root and FUSE")

// mounted makes the disk as script does, without an appliance, which takes seconds in
// place of minutes where that is emulated.
func (w Windows) mounted(ctx context.Context, work, disk string, trees map[string]string, log io.Writer) error {
	if _, err := os.Stat("/dev/fuse"); err != nil || os.Geteuid() != 0 {
		return errNoMounts
	}
	table, start := "label: dos\n2048,,7,*\n", int64(2048)
	if w.Firmware == UEFI {
		start += windowsESPMiB << 11
		table = fmt.Sprintf("label: gpt\n2048,%d,C12A7328-F81F-11D2-BA4B-00A0C93EC93B\n%d,%d,EBD0A0A2-B9E5-4433-87C0-68B6B72699C7\n",
			windowsESPMiB<<11, start, w.sizeMiB()<<11-start-2048)
	}
	tableFile := filepath.Join(work, "table")
	if err := os.WriteFile(tableFile, []byte(table), 0o644); err != nil {
		return err
	}
	if err := run(ctx, log, nil, "sh", "-c", `sfdisk -q "$0" <"$1"`, disk, tableFile); err != nil {
		return err
	}
	part, at := filepath.Join(work, "part"), filepath.Join(work, "mounted")
	if err := createSparse(part, w.sizeMiB()<<20-(start+2048)<<9); err != nil {
		return err
	}
	// Sectors count in 512 bytes; the last 2048 stay free.
	const fill = `set -e
mkntfs -q -Q -F -s 512 -p "$3" -H 255 -S 63 "$0"
mkdir "$1"
ntfs-3g "$0" "$1"
tar -C "$1" --no-same-owner -xf "$2" || failed=1
umount "$1"
test -z "$failed"
dd if="$0" of="$4" bs=512 seek="$3" conv=notrunc,sparse status=none
`
	if err := run(ctx, log, nil, "sh", "-c", fill, part, at, trees["/"], strconv.FormatInt(start, 10), disk); err != nil {
		return err
	}
	if w.Firmware != UEFI {
		return nil
	}
	const fillESP = `set -e
truncate -s "$3"M "$0"
mkfs.vfat "$0" >/dev/null
mkdir "$1"
tar -C "$1" -xf "$2"
mcopy -s -i "$0" "$1"/* ::
dd if="$0" of="$4" bs=512 seek=2048 conv=notrunc,sparse status=none
`
	return run(ctx, log, nil, "sh", "-c", fillESP, part+"-esp", at+"-esp", trees["/efi"], strconv.Itoa(windowsESPMiB), disk)
}

func writeAt(name string, offset int64, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(data, offset); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

// Damage is a way in which a Windows must not be changed.
type Damage string

// The ways: its kernel's memory is on its disk, a hive was not written to its end, and
// its volume is marked to be checked.
const (
	Hibernated  Damage = "hibernated"
	DirtyHive   Damage = "dirty hive"
	DirtyVolume Damage = "dirty volume"
)

// Spoil changes the bytes of the disk of a phony Windows.
func (d Damage) Spoil(disk []byte, w Windows) error {
	switch d {
	case Hibernated:
		return spoilAt(disk, w.files()["/hiberfil.sys"][:512], func(found []byte) { copy(found, "HIBR") })
	case DirtyHive:
		return spoilAt(disk, w.System[:512], func(found []byte) {
			found[4]++ // the first sequence number, and the checksum of the header
			sum := uint32(0)
			for at := 0; at < 508; at += 4 {
				sum ^= binary.LittleEndian.Uint32(found[at:])
			}
			binary.LittleEndian.PutUint32(found[508:], sum)
		})
	case DirtyVolume:
		// $VOLUME_INFORMATION of 12 bytes: NTFS 3.1, with no flag.
		return spoilAt(disk, []byte("\x70\x00\x00\x00\x28\x00\x00\x00\x00\x00\x18\x00"), func(found []byte) { found[0x18+10] |= 1 })
	}
	return fmt.Errorf("nobody knows what %q is", d)
}

// spoilAt changes what begins as start, at the beginning of 8 bytes of the disk: all of
// such, as a volume has copies of its first records.
func spoilAt(disk, start []byte, change func([]byte)) error {
	found := false
	for at := 0; at+len(start) <= len(disk); at += 8 {
		if slices.Equal(disk[at:][:len(start)], start) {
			change(disk[at:])
			found = true
			at += 504
		}
	}
	if !found {
		return fmt.Errorf("the disk has nothing that begins as % x", start[:8])
	}
	return nil
}
