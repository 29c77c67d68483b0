package netconf

import (
	"regexp"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// UdevRule is a rule of udev(7) that names a device.
type UdevRule struct {
	Name string
	MAC  string // of the card that gets the name, lower case; or ""
	Net  bool   // the rule is for network cards and says so
}

var hexAddress = regexp.MustCompile(`^[0-9A-Fa-f:]+$`)

// ReadUdevRules reads the rules of a file that name a device.
func ReadUdevRules(text string) []UdevRule {
	var rules []UdevRule
	for _, written := range conf.UdevRules(text) {
		if rule, _ := readUdevRule(written.Text); rule.Name != "" {
			rules = append(rules, rule)
		}
	}
	return rules
}

// readUdevRule reads one rule. namesOnly says that it does no more than name a device.
func readUdevRule(text string) (rule UdevRule, namesOnly bool) {
	tokens, rest := conf.ReadUdevRule(text)
	namesOnly = rest == ""
	for _, t := range tokens {
		switch assigns := t.Op == "=" || t.Op == ":="; {
		case t.Key == "NAME" && assigns:
			rule.Name = t.Value
		case t.Op != "==" && t.Op != "!=":
			namesOnly = false
		case t.Op == "==" && t.Key == "SUBSYSTEM" && t.Value == "net":
			rule.Net = true
		case t.Op == "==" && (t.Key == "ATTR{address}" || t.Key == "ATTRS{address}") && hexAddress.MatchString(t.Value):
			rule.MAC = hardwareAddress(t.Value)
		}
	}
	return rule, namesOnly && rule.Name != ""
}

// WithoutCardNames takes out the rules that do no more than give a card with a
// hardware address its name, as udev's generator wrote them, with the comments right
// before them. What an administrator has added stays; without any, nothing does.
func WithoutCardNames(text string) string {
	var kept, pending strings.Builder // pending are comments
	rule, rules := "", 0
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		if rule == "" && strings.HasPrefix(trimmed, "#") {
			pending.WriteString(line)
			continue
		}
		rule += line
		if strings.HasSuffix(trimmed, `\`) {
			continue
		}
		keep := true
		if written := conf.UdevRules(rule); len(written) == 1 {
			found, namesOnly := readUdevRule(written[0].Text)
			keep = !namesOnly || found.MAC == ""
			if keep {
				rules++
			}
		}
		if keep {
			kept.WriteString(pending.String() + rule)
		}
		pending.Reset()
		rule = ""
	}
	if rules == 0 && len(conf.UdevRules(rule)) == 0 {
		return ""
	}
	return kept.String() + pending.String() + rule
}

// readUdev reads the rules that udev before 2015 made for each card it met, and
// those that administrators wrote.
func readUdev(_, text string) Found {
	var found Found
	for _, rule := range ReadUdevRules(text) {
		if rule.MAC != "" && !strings.ContainsAny(rule.Name, "/%$") {
			// The file keeps cards that are long gone.
			found.Cards = append(found.Cards, Card{Name: rule.Name, MAC: rule.MAC, Idle: true})
		}
	}
	return found
}
