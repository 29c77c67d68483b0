package inject

import (
	"fmt"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// sudoersText is the content of a user's file in sudoers.d.
func sudoersText(user string, rules []string) string {
	var text strings.Builder
	for _, rule := range rules {
		fmt.Fprintf(&text, "%s %s\n", user, strings.TrimSpace(rule))
	}
	return text.String()
}

// sudoersFile is that file's name, which nobody else writes: what the guest has in
// sudoers.d under the user's name stays. Of rules for the same command the last one
// counts. sudo reads no file with a dot in its name.
func sudoersFile(user string) string {
	return "/etc/sudoers.d/zz-hyper2kvm-" + strings.ReplaceAll(user, ".", "%2e")
}

// includesSudoersD reports whether a sudoers file reads /etc/sudoers.d.
func includesSudoersD(text string) bool {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 2 && (fields[0] == "#includedir" || fields[0] == "@includedir") && strings.Trim(fields[1], `"/`) == "etc/sudoers.d" {
			return true
		}
	}
	return false
}

// planSudo stages a user's sudo rules.
func planSudo(p *plan, index int, user manifest.User, checked bool) error {
	if len(user.Sudo) == 0 {
		return nil
	}
	attr := attribute(attrCreate, index, "sudo")
	text := sudoersText(user.Name, user.Sudo)
	visudo := ""
	for _, program := range []string{"/usr/sbin/visudo", "/usr/bin/visudo", "/sbin/visudo"} {
		if p.exists(program) {
			visudo = program
			break
		}
	}
	if visudo != "" && p.edit.CanRun() && !checked {
		if _, err := p.edit.Query([]byte(text), visudo, "-c", "-q", "-f", "-"); err != nil {
			return fmt.Errorf("%s: the guest's visudo refuses a rule: %w", attr, err)
		}
	}
	included := includesSudoersD(p.mustRead("/etc/sudoers")) || includesSudoersD(p.mustRead("/usr/etc/sudoers"))
	switch {
	case visudo == "":
		p.warn(report.ConcernSudo, fmt.Sprintf("sudo is not installed in the guest: the rules of %q have no effect", user.Name), "install sudo in the guest")
	case !included:
		p.warn(report.ConcernSudo, fmt.Sprintf("the guest's /etc/sudoers does not read /etc/sudoers.d: the rules of %q have no effect", user.Name),
			"add the line \"@includedir /etc/sudoers.d\" to /etc/sudoers")
	}
	file := sudoersFile(user.Name)
	p.stage(file, change{kind: kindFile, content: text, perm: 0o440, enforce: true, show: showAll}, "sudo rules of "+user.Name)
	return nil
}
