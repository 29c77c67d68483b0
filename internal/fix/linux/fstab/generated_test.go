package fstab

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
)

func pick(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }

func table(r *rand.Rand, line func() []string) string {
	text := "# keep this\n"
	for range 1 + r.IntN(8) {
		switch r.IntN(6) {
		case 0:
			text += pick(r, "\n", "  \n", "# keep /dev/sda2 / ext4\n", "\t# keep\n")
		default:
			text += pick(r, "", "", " ", "\t")
			for i, field := range line() {
				if i > 0 {
					text += pick(r, " ", "\t", "    ", "  \t ")
				}
				text += field
			}
			text += pick(r, "\n", "\n", " \n", " # why\n")
		}
	}
	if r.IntN(4) == 0 {
		return strings.TrimSuffix(text, "\n")
	}
	return text
}

func randomFstab(r *rand.Rand) string {
	return table(r, func() []string {
		device := pick(r, "/dev/sda2", `"/dev/sda2"`, "/dev/vda3", "/dev/disk/by-path/pci-0000:00:10.0-scsi-0:0:0:0-part2", "UUID=root-uuid", "/dev/sr0", "/dev/sdz9",
			"/dev/mapper/vg0-home", "LABEL=logs", "tmpfs", "nas:/x", "btrfsvol:/dev/sda2/@home", ".host:/", "/dev/md0", "/swapfile")
		line := []string{device, pick(r, "/", "/data", "none", "/with\\040blank"), pick(r, "ext4", "auto", "btrfs", "swap", "xfs", "iso9660", "fuse.vmhgfs-fuse")}
		if r.IntN(5) == 0 {
			return line
		}
		line = append(line, pick(r, "defaults", "noauto", "nofail,x-systemd.requires=/dev/sda3", "logdev=/dev/sda2,noatime", "subvol=@", "bind", "password=a=/dev/sda1"))
		return append(line, [][]string{{}, {"0"}, {"0", "2"}}[r.IntN(3)]...)
	})
}

func randomCrypttab(r *rand.Rand) string {
	return table(r, func() []string {
		line := []string{pick(r, "root", "swap", "/dev/sda4"), pick(r, "/dev/sda4", `'/dev/sda4'`, "/dev/sda3", "UUID=luks-uuid", "/dev/sdz1", "/dev/mapper/vg0-x", "/dev/sdb1")}
		return append(line, [][]string{{}, {"none"}, {"none", "luks,discard"}, {"/dev/urandom", "swap,cipher=x"}, {"/key", "plain"}}[r.IntN(5)]...)
	})
}

// TestEditsOfGeneratedTables: nothing but device names and what goes with them is
// another, a second edit changes nothing, and comments stay.
func TestEditsOfGeneratedTables(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		path  string
		write func(*rand.Rand) string
		edit  func(text, mode string, n devname.Names) (string, []edit.Note)
		meant edit.Meant
	}{{"/etc/fstab", randomFstab, func(text, mode string, n devname.Names) (string, []edit.Note) { return editFstab(text, mode, n) }, meantInFstab}, {"/etc/crypttab", randomCrypttab, editCrypttab, meantInCrypttab}} {
		edited := 0
		for seed := range uint64(1500) {
			text := test.write(rand.New(rand.NewPCG(seed, 18)))
			got, _ := test.edit(text, ModeStabilizeAll, testNames)
			if err := edit.Check(test.path, text, got, test.meant); err != nil {
				t.Fatalf("%s seed %d: %v\n%s\nbecame\n%s", test.path, seed, err, text, got)
			}
			if again, _ := test.edit(got, ModeStabilizeAll, testNames); again != got {
				t.Fatalf("%s seed %d: a second edit of\n%s\ngave\n%s", test.path, seed, got, again)
			}
			for line := range strings.Lines(text) {
				if strings.HasPrefix(strings.TrimSpace(line), "# keep") && !strings.Contains(got, line) {
					t.Fatalf("%s seed %d: %q is lost", test.path, seed, line)
				}
			}
			if got != text {
				edited++
				checkOtherChanges(t, test.path, text, got, test.meant)
			}
		}
		if edited < 500 {
			t.Errorf("%s: %d edits are too few to tell", test.path, edited)
		}
	}
}

// checkOtherChanges makes one more change to each line that was edited.
func checkOtherChanges(t *testing.T, path, text, got string, meant edit.Meant) {
	t.Helper()
	was, lines := strings.SplitAfter(text, "\n"), strings.SplitAfter(got, "\n")
	for i, line := range lines {
		table := conf.ParseTableLine(line)
		if i >= len(was) || line == was[i] || len(table.Fields) < 3 {
			continue
		}
		table.Fields[2] += "x"
		lines[i] = table.String()
		if edit.Check(path, text, strings.Join(lines, ""), meant) == nil {
			t.Fatalf("not told:\n%s\nbecame\n%s", text, strings.Join(lines, ""))
		}
		lines[i] = line
	}
}
