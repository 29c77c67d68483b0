package fstab

import (
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Each decision about a line has an id of its own.
func TestKindsOfNotes(t *testing.T) {
	t.Parallel()
	inFstab := func(line string) []edit.Note { _, notes := editFstab(line, ModeStabilizeAll, testNames); return notes }
	inCrypttab := func(line string) []edit.Note {
		_, notes := editCrypttab(line, ModeStabilizeAll, testNames)
		return notes
	}
	for line, test := range map[string]struct {
		edit func(string) []edit.Note
		want report.ConcernID
	}{
		"/dev/sdz9 /data ext4 defaults 0 2\n":                         {inFstab, report.ConcernFstabDevice},
		"UUID=root-uuid / ext4 x-systemd.after=dev-sdb1.device 0 1\n": {inFstab, report.ConcernFstabDevice},
		"/dev/cdrom /media/cd iso9660 ro 0 0\n":                       {inFstab, report.ConcernFstabDrive},
		".host:/ /mnt/hgfs fuse.vmhgfs-fuse defaults 0 0\n":           {inFstab, report.ConcernFstabShared},
		"r /dev/sdz9 none luks\n":                                     {inCrypttab, report.ConcernCrypttabDevice},
		"r UUID=root-uuid /dev/sdz3 luks\n":                           {inCrypttab, report.ConcernCrypttabKey},
		"r UUID=root-uuid none luks,header=/dev/sdz3\n":               {inCrypttab, report.ConcernCrypttabKey},
		"r UUID=root-uuid none tpm2-device=auto\n":                    {inCrypttab, report.ConcernCrypttabTPM},
	} {
		if notes := test.edit(line); len(notes) != 1 || notes[0].ID != test.want {
			t.Errorf("%q: %+v, want one of the kind %s", line, notes, test.want)
		}
	}
}
