package initrd

import (
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// TestNoCardDriver: a model of a network card is not passed off as one that the kernel
// drives.
func TestNoCardDriver(t *testing.T) {
	t.Parallel()
	dep := "kernel/virtio.ko:\nkernel/virtio_pci.ko: kernel/virtio.ko\nkernel/virtio_blk.ko: kernel/virtio.ko\nkernel/virtio_scsi.ko: kernel/virtio.ko\nkernel/sd_mod.ko:\nkernel/ext4.ko:\nkernel/vmxnet3.ko:\n"
	for name, tt := range map[string]struct {
		more       string // modules
		card, told string // of all warnings of cards
	}{
		"virtio":           {more: "kernel/virtio_net.ko: kernel/virtio.ko\n", card: "virtio"},
		"another":          {more: "kernel/e1000.ko:\n", card: "e1000", told: "use a network card of the model e1000"},
		"VMware's alone":   {card: "e1000e", told: "starts without a network"},
		"nothing is known": {more: "unknown", card: "e1000e"},
	} {
		set := guesttest.KernelFiles(version)
		set["/lib/modules/"+version+"/modules.dep"] = dep + tt.more
		if tt.more == "unknown" {
			delete(set, "/lib/modules/"+version+"/modules.dep")
			delete(set, "/lib/modules/"+version+"/modules.builtin")
		}
		r := runInitramfs(t, guesttest.New(t, set, map[string]string{
			"/boot/initrd.img-" + version: guesttest.DebianImage(t, version, nil, "virtio", "virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "ext4"),
		}), nil)
		warnings := slices.DeleteFunc(r.warnings, func(w report.Warning) bool { return w.ID != report.ConcernHardwareCard })
		if r.NICModel != tt.card || tt.told == "" && strings.Contains(strings.Join(messagesOf(warnings), ""), "without a network") ||
			tt.told != "" && (len(warnings) != 1 || !strings.Contains(warnings[0].Message+warnings[0].Remedy, tt.told)) {
			t.Errorf("%s: card %q, warnings %v, want %q and %q", name, r.NICModel, warnings, tt.card, tt.told)
		}
	}
}

func messagesOf(warnings []report.Warning) (messages []string) {
	for _, w := range warnings {
		messages = append(messages, w.Message)
	}
	return messages
}
