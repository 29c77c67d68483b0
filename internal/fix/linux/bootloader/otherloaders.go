package bootloader

import (
	"regexp"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
)

// Where each of these loaders has its kernel parameters, in the first group.
var (
	refindOptions = regexp.MustCompile(`(?m)^[ \t]*"[^"\n]*"[ \t]+"((?:[^"\n]|"")*)"`)
	refindStanza  = regexp.MustCompile(`(?m)^[ \t]*(?:add_)?options[ \t]+"?([^"\n]*)"?`)
	limineCmdline = regexp.MustCompile(`(?mi)^[ \t]*(?:kernel_)?cmdline[ \t]*[:=][ \t]*([^\n]*)`)
	eliloAppend   = regexp.MustCompile(`(?m)^[ \t]*append[ \t]*=[ \t]*"?([^"\n]*)"?`)
	eliloRoot     = regexp.MustCompile(`(?m)^[ \t]*root[ \t]*=[ \t]*"?([^"\s]*)"?`)
)

func editRefindLinux(text string, s bootScope) (string, []finding) {
	return editMatches(text, s, refindOptions, false)
}

func editRefind(text string, s bootScope) (string, []finding) {
	return editMatches(text, s, refindStanza, false)
}

func editLimine(text string, s bootScope) (string, []finding) {
	return editMatches(text, s, limineCmdline, false)
}

// editElilo edits elilo.conf, whose root= the loader puts before what it appends.
func editElilo(text string, s bootScope) (string, []finding) {
	noInitramfs := !strings.Contains(text, "initrd")
	edited, findings := editMatches(text, s, eliloAppend, noInitramfs)
	c := cmdlineEditor{names: s.names, noInitramfs: noInitramfs}
	var edits []conf.Edit
	for _, at := range eliloRoot.FindAllStringSubmatchIndex(edited, -1) {
		spec := edited[at[2]:at[3]]
		if numbered, ok := devname.Numbered(spec); ok {
			spec = numbered
		}
		if !devname.IsStale(spec) {
			continue
		}
		name, err := c.name("root", spec)
		if err != nil {
			c.find("root", spec, "", err)
			continue
		}
		edits = append(edits, conf.Edit{Start: at[2], End: at[3], Text: name})
	}
	return conf.ApplyEdits(edited, edits), append(findings, c.findings...)
}

// editMatches edits the command lines that a pattern's first group finds.
func editMatches(text string, s bootScope, pattern *regexp.Regexp, noInitramfs bool) (string, []finding) {
	c := cmdlineEditor{names: s.names, noInitramfs: noInitramfs}
	var edits []conf.Edit
	for _, at := range pattern.FindAllStringSubmatchIndex(text, -1) {
		line := text[at[2]:at[3]]
		if edited := c.editCmdline(line); edited != line {
			edits = append(edits, conf.Edit{Start: at[2], End: at[3], Text: edited})
		}
	}
	return conf.ApplyEdits(text, edits), c.findings
}
