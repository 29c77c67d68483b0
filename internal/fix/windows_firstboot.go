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
	task := firstboot.Task{Windows: w.software, RefusesScripts: w.refusesScripts, OnlineDisks: len(w.Disks) > 1, VMwareTools: w.tools}
	if w.drivers != nil {
		task.DriverFolder, task.Publishers = drivers.Folder, w.drivers.Publishers
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
		w.Editor.Warn(warning.ID, warning.Message, warning.Remedy)
	}
	for _, file := range w.firstBoot.Files {
		name := strings.ReplaceAll(file.Path, `\`, "/")
		put := guestFile{name: name, content: file.Content, private: true, description: "what Windows does at its first boot"}
		switch {
		case file.Secret:
			put.description = "a first boot script of the configuration"
		case strings.HasSuffix(name, ".exe"):
			put.description = "the program that runs the scripts of the first boot"
		case strings.HasSuffix(name, ".cer"):
			put.description = "the certificate of those that signed the drivers, for Windows to trust"
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
	var unknown, unfit []network.Card
	for _, card := range w.cards {
		if card.Unfit == "" {
			unknown = append(unknown, card)
		} else {
			unfit = append(unfit, card)
		}
	}
	if len(unknown) > 0 {
		w.Editor.Warn(report.ConcernCardUnknown, "which card of the new machine is to have static addresses is not known, as there were several and nothing tells which is which; "+
			"the new cards ask by DHCP: "+listCards(unknown), howToSet(unknown[0]))
	}
	if len(unfit) > 0 {
		w.Editor.Warn(report.ConcernCardUnknown, "static addresses stay behind, as no card of the new machine takes the place of what had them: "+listCards(unfit),
			"where they are needed, make the team, the bridge or the switch anew in Windows, or "+howToSet(unfit[0]))
	}
	return nil
}

func listCards(cards []network.Card) string {
	var described []string
	for _, card := range cards {
		described = append(described, card.String())
	}
	return strings.Join(described, "; ")
}

// howToSet is how a person sets what a card had.
func howToSet(card network.Card) string {
	const begin = "set them in Windows when it runs on the new machine, such as with: netsh interface ipv4 set "
	if len(card.Addresses) == 0 {
		return begin + "dnsservers name=\"Ethernet\" static " + card.NameServers[0].String()
	}
	text := fmt.Sprintf("%saddress name=\"Ethernet\" static %s %s", begin, card.Addresses[0].Addr(), network.Mask(card.Addresses[0]))
	if len(card.Gateways) > 0 {
		text += " " + card.Gateways[0].String()
	}
	return text
}
