package provider

import (
	"encoding/json"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// What the fix stage ends with counts for more than what inspection hoped for.
func TestGuestHardware(t *testing.T) {
	t.Parallel()
	inspected := map[string]any{"guest": map[string]any{"disk_bus": "virtio", "nic_model": "virtio"}}
	for name, test := range map[string]struct{ fixed, disk, nic string }{
		"as inspected":       {`{}`, "virtio", "virtio"},
		"not what was hoped": {`{"disk_bus": "sata", "nic_model": "e1000"}`, "sata", "e1000"},
		"disk alone":         {`{"disk_bus": "scsi"}`, "scsi", "virtio"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rep := report.New()
			if err := rep.StageSucceeded(report.StageInspect, 1, inspected); err != nil {
				t.Fatal(err)
			}
			if err := rep.StageSucceeded(report.StageFix, 1, json.RawMessage(test.fixed)); err != nil {
				t.Fatal(err)
			}
			guest, err := newGuestModel(rep)
			if err != nil || *guest.DiskBus != test.disk || *guest.NICModel != test.nic {
				t.Errorf("%v and %v, %v", guest.DiskBus, guest.NICModel, err)
			}
		})
	}
}
