package bootable

import (
	"fmt"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Core is what the core of a GRUB for BIOS has built in: the directory in which it looks
// for its menu, as "(hd0,gpt2)/boot/grub", and the commands that it runs before.
type Core struct{ Prefix, Config string }

// warnCore tells where GRUB looks for its menu on what the guest does not have: it ends in
// its rescue shell then.
func (g *Guest) warnCore(menus []judgedMenu) {
	if g.start.Firmware != guest.FirmwareBIOS {
		return
	}
	devices, core := g.judge.devices, g.start.Core
	gone, searched := devices.searchedInVain(core)
	if device, _, ok := strings.Cut(strings.TrimPrefix(core.Prefix, "("), ")"); gone == "" && !searched && ok {
		if strings.HasPrefix(device, ",") { // of the disk that it was started from
			device = "hd0" + device
		}
		if menu.IsAbsent(devices.Devices, device) {
			gone = core.Prefix
		}
	}
	if gone != "" {
		g.edit.Warn(report.ConcernBootSector, fmt.Sprintf("GRUB in the boot sectors of the boot disk looks for its menu on %s, which is on no disk of the guest: it ends in its rescue shell", gone),
			"migrate the disk that has it, too; or install GRUB on the boot disk in the guest ("+advise(menus, toInstall)+"), and take its disks again")
	}
}

// searchedInVain is what the commands in a core look for and do not find; or nothing.
// searched says that they set where the menu lies.
func (d devices) searchedInVain(core Core) (gone string, searched bool) {
	for _, statement := range conf.ParseGrub(core.Config) {
		words := statement.Command()
		if len(words) < 2 || !strings.HasPrefix(words[0].Text, "search") {
			continue
		}
		tag := map[string]string{"search.fs_uuid": "UUID=", "search.fs_label": "LABEL="}[words[0].Text]
		searched = true
		if tag != "" && d.seesAll() && !d.has(tag+words[1].Text) {
			gone = tag + words[1].Text
			continue
		}
		return "", true
	}
	return gone, searched
}
