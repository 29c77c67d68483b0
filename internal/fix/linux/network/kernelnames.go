package network

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/netconf"
)

// kernelName is what the kernel calls cards by the order in which it finds them. udev
// does not exchange two such names: where they are to be others, each stays as it was.
var kernelName = regexp.MustCompile(`^eth([0-9]+)$`)

// inKernelOrder are the cards with such names and an address, in the order in which the
// kernel has to find them.
func inKernelOrder(cards []netconf.Card) (order []string) {
	number := func(name string) int {
		m := kernelName.FindStringSubmatch(name)
		if m == nil {
			return -1
		}
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return -1
		}
		return n
	}
	kept := slices.DeleteFunc(slices.Clone(cards), func(c netconf.Card) bool { return c.MAC == "" || number(c.Name) < 0 })
	slices.SortStableFunc(kept, func(a, b netconf.Card) int { return number(a.Name) - number(b.Name) })
	for _, c := range kept {
		order = append(order, c.Name+"="+c.MAC)
	}
	return order
}

// orderRemedy says in which order the new machine has to have its cards; or nothing.
func orderRemedy(cards []netconf.Card) string {
	order := inKernelOrder(cards)
	if len(order) == 0 {
		return ""
	}
	return "; and in this order, first slot first, for the kernel gives these names by the order of cards and udev does not exchange them: " + strings.Join(order, ", ") +
		" (a card eth1 is the second of all, whether the guest uses the first or not)"
}
