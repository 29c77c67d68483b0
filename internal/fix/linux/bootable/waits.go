package bootable

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// warnWaits tells of devices beside the root file system that an initramfs waits for
// and that are on no disk. What becomes of the guest depends on what made the
// initramfs: dracut's ends in a shell, that of others goes on.
func (g *Guest) warnWaits(menus []judgedMenu) {
	told := map[string]bool{}
	for _, m := range menus {
		e, ok := m.chosen()
		if !ok {
			continue
		}
		g.warnContent(e, told)
		if len(e.Initramfs) == 0 && !e.Unified {
			continue
		}
		for _, parameter := range g.judge.devices.waits(e.Entry) {
			if told[parameter] {
				continue
			}
			told[parameter] = true
			g.edit.Warn(report.ConcernBootDevice, fmt.Sprintf("%s: %s: %s is on no disk of the guest: the initramfs waits for it, and one of dracut ends in a shell",
				e.File, e.Name(), parameter),
				"migrate the disk that has it, too; or remove "+parameter+" from the kernel parameters in the guest, and take its disks again")
		}
	}
}

// waits are the parameters of an entry that name a device which is on no disk.
func (d devices) waits(e menu.Entry) (gone []string) {
	if !d.seesAll() || slices.Contains(e.Parameters, "rd.lvm=0") && slices.Contains(e.Parameters, "rd.luks=0") {
		return nil
	}
	for _, p := range e.Parameters {
		key, value, _ := strings.Cut(p, "=")
		if value == "" || strings.Contains(value, "$") {
			continue
		}
		there := true
		switch key {
		case "mount.usr", "resume", "real_resume":
			there = !isTagged(value) || slices.Contains(e.Parameters, "noresume") && key != "mount.usr" || d.has(value)
		case "rd.lvm.lv", "rd_LVM_LV":
			there = d.has("/dev/" + value)
		case "rd.luks.uuid", "rd_LUKS_UUID", "rd.luks.name", "luks.uuid", "luks.name":
			id, _, _ := strings.Cut(value, "=")
			there = d.hasID(guest.FSTypeLUKS, strings.TrimPrefix(id, "luks-"))
		case "rd.luks.partuuid":
			there = d.has("PARTUUID=" + value)
		case "rd.luks.serial": // of the old machine's disk
			there = false
		case "rd.md.uuid", "rd_MD_UUID":
			there = d.hasID("linux_raid_member", value)
		}
		if !there && !slices.Contains(gone, p) {
			gone = append(gone, p)
		}
	}
	return gone
}
