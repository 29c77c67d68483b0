package firstboot

import (
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
)

var anyProductCode = regexp.MustCompile(`\{[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}`)

// VMwareTools are the product codes of VMware Tools that the hive SOFTWARE knows of,
// in order. What calls itself so and has no code is none: nobody knows how to remove
// it without a question.
func VMwareTools(software registry.Reader) ([]string, error) {
	var codes []string
	for _, parent := range []string{`Microsoft\Windows\CurrentVersion\Uninstall`, `WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall`} {
		names, err := software.Keys(parent)
		if registry.IsMissing(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			key := parent + `\` + name
			title, _, err := registry.Get(software, key, "DisplayName")
			if err != nil {
				return nil, err
			}
			if !strings.EqualFold(title.Text(), "VMware Tools") {
				continue
			}
			command, _, err := registry.Get(software, key, "UninstallString")
			if err != nil {
				return nil, err
			}
			if code := anyProductCode.FindString(name + " " + command.Text()); code != "" {
				codes = append(codes, code)
			}
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes), nil
}
