package provider

import (
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// What the fix stage ends with counts for more than what inspection hoped for.
func TestGuestHardware(t *testing.T) {
	t.Parallel()
	inspected := report.Inspection{Guest: report.Guest{DiskBus: "virtio", NICModel: "virtio"}}
	for name, test := range map[string]struct {
		fixed     report.FixResult
		disk, nic string
	}{
		"as inspected":       {report.FixResult{}, "virtio", "virtio"},
		"not what was hoped": {report.FixResult{DiskBus: "sata", NICModel: "e1000"}, "sata", "e1000"},
		"disk alone":         {report.FixResult{DiskBus: "scsi"}, "scsi", "virtio"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rep := report.New()
			if err := rep.StageSucceeded(1, inspected); err != nil {
				t.Fatal(err)
			}
			if err := rep.StageSucceeded(1, test.fixed); err != nil {
				t.Fatal(err)
			}
			guest, err := newGuestModel(rep)
			if err != nil || *guest.DiskBus != test.disk || *guest.NICModel != test.nic {
				t.Errorf("%v and %v, %v", guest.DiskBus, guest.NICModel, err)
			}
		})
	}
}
