package fix

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/drivers"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/firstboot"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/network"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// planFirstBoot plans what is left to Windows itself. Nothing is written.
func (w *windowsRun) planFirstBoot(cards []network.Card) error {
	task := firstboot.Task{Windows: w.software, OnlineDisks: len(w.Disks) > 1, VMwareTools: w.tools}
	if w.drivers != nil {
		task.DriverFolder = drivers.Folder
		for _, driver := range w.drivers.Drivers {
			task.Drivers = append(task.Drivers, firstboot.Driver{INF: driver.INF(), Essential: driver.Essential})
		}
		if agent := w.drivers.Agent; agent != nil {
			task.Agent = agent.Name
		}
		if balloon := w.drivers.Balloon; balloon != nil {
			task.Balloon = balloon.Name
		}
	}
	for _, card := range cards {
		if card.Known() {
			task.Cards = append(task.Cards, card)
		} else {
			w.cards = append(w.cards, card)
		}
	}
	for _, script := range w.options.FirstBoot {
		task.Scripts = append(task.Scripts, firstboot.Script(script))
	}
	planned, err := firstboot.New(task, func() ([]byte, error) {
		if w.FirstBoot == nil {
			return nil, errors.New("there is no program for the first boot of Windows")
		}
		return w.FirstBoot(w.OS.Arch)
	})
	w.firstBoot = planned
	return err
}

// writeFirstBoot writes the program and its scripts, which only the system and
// administrators may read.
func (w *windowsRun) writeFirstBoot() error {
	for _, warning := range w.firstBoot.Warnings {
		w.Editor.Warn(report.ConcernFirstBoot, warning, "write the script in PowerShell, or in ASCII")
	}
	for _, file := range w.firstBoot.Files {
		name := strings.ReplaceAll(file.Path, `\`, "/")
		put := guestFile{name: name, content: file.Content, private: true, description: "what Windows does at its first boot"}
		switch {
		case file.Secret:
			put.description = "a first boot script of the configuration"
		case strings.HasSuffix(name, ".exe"):
			put.description = "the program that runs the scripts of the first boot"
		default:
			put.shown = true
		}
		if err := w.put(put); err != nil {
			return err
		}
	}
	return nil
}

// tellAddresses tells of static addresses that no card of the new machine can be told
// to be for. Windows keeps them for the card that had them.
func (w *windowsRun) tellAddresses() error {
	if len(w.cards) == 0 {
		return nil
	}
	var described []string
	for _, card := range w.cards {
		described = append(described, card.String())
	}
	first := w.cards[0]
	set := fmt.Sprintf("set them in Windows when it runs on the new machine, such as with: netsh interface ipv4 set address name=\"Ethernet\" static %s %s",
		first.Addresses[0].Addr(), network.Mask(first.Addresses[0]))
	if len(first.Gateways) > 0 {
		set += " " + first.Gateways[0].String()
	}
	w.Editor.Warn(report.ConcernCardUnknown, "which card of the new machine is to have static addresses is not known, as there were several and the registry has no MAC of them; "+
		"the new cards ask by DHCP: "+strings.Join(described, "; "), set)
	return nil
}
