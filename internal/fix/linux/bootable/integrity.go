package bootable

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// warnIntegrity tells where what reads a file that was changed looks for its signature
// or checksum, and does not read it any more.
func (g *Guest) warnIntegrity(menus []judgedMenu) error {
	changed := g.edit.Changed()
	if len(changed) == 0 {
		return nil
	}
	g.warnSigned(changed)
	why, err := g.appraisal(menus)
	if err != nil || why == "" {
		return err
	}
	g.edit.Warn(report.ConcernIntegrity, fmt.Sprintf("the guest reads no file that was changed outside of it (%s, for IMA): %s is one of %d", why, changed[0], len(changed)),
		"write ima_appraise=fix in the kernel parameters of the guest before the migration, and sign the files on the new machine; or take appraisal out of the parameters and of the policy")
	return nil
}

// warnSigned tells of files beside which a signature lies, as GRUB reads them with
// check_signatures=enforce.
func (g *Guest) warnSigned(changed []string) {
	var signed []string
	for _, file := range changed {
		atBoot := strings.HasPrefix(file, "/boot/") || strings.HasPrefix(file, "/efi/")
		if atBoot && g.edit.Exists(file+".sig") {
			signed = append(signed, file)
		}
	}
	if len(signed) == 0 {
		return
	}
	g.edit.Warn(report.ConcernIntegrity, fmt.Sprintf("what was changed has a signature that is not its own any more (%s): GRUB does not read it where it enforces signatures", strings.Join(signed, ", ")),
		"have GRUB not enforce them (check_signatures=no) until the files are signed anew in the guest; or sign them before the image is started")
}

// policies are what systemd and dracut load as the policy of IMA.
var policies = []string{"/etc/ima/ima-policy", "/etc/sysconfig/ima-policy"}

// appraised is a rule of such a policy by which files that root reads are checked. Those
// with another function are for programs, modules and kernels, which no fix changes.
var appraised = regexp.MustCompile(`(?m)^[ \t]*appraise\b(.*)$`)

// appraisal is what has the kernel check the attributes of the files that it reads; or
// nothing.
func (g *Guest) appraisal(menus []judgedMenu) (string, error) {
	rule := ""
	for _, file := range policies {
		text, _, err := g.edit.Read(file)
		if err != nil {
			return "", err
		}
		for _, m := range appraised.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(m[1], "func=") || strings.Contains(m[1], "func=FILE_CHECK") {
				rule = file
			}
		}
	}
	for _, m := range menus {
		e, ok := m.chosen()
		if !ok {
			continue
		}
		if mode, given := e.Parameter("ima_appraise"); given && mode != "enforce" {
			continue
		}
		if by := appraisedBy(e.Entry); by != "" {
			return e.File + ": " + by, nil
		}
		if rule != "" {
			return rule, nil
		}
	}
	return "", nil
}

// appraisedBy is the parameter of an entry that has all files of root's checked.
func appraisedBy(e menu.Entry) string {
	for _, p := range e.Parameters {
		key, value, _ := strings.Cut(p, "=")
		if key == "ima_appraise_tcb" || key == "ima_policy" && slices.Contains(strings.FieldsFunc(strings.Trim(value, `"`), func(r rune) bool { return r == '|' || r == ' ' }), "appraise_tcb") {
			return p
		}
	}
	return ""
}
