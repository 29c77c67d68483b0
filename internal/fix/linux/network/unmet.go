package network

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/netconf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// warnUnmet tells of files that are for the old machine alone by conditions that no
// edit has taken out.
func warnUnmet(e *edit.Editor, files []networkFile) error {
	for _, f := range files {
		if f.format.Unmet == nil {
			continue
		}
		text, ok, err := e.Read(f.path)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		unmet := f.format.Unmet(text)
		if unmet, err = withoutOwnID(e, unmet); err != nil {
			return err
		}
		if len(unmet) > 0 {
			e.Warn(report.ConcernOldCard, fmt.Sprintf("%s is for the old machine or its network card (%s): what it sets is not set on the new one", f.path, strings.Join(unmet, ", ")),
				"take that condition out of the file, or write what the new machine and its card meet")
		}
	}
	return nil
}

// withoutOwnID leaves out conditions on the machine's ID that the guest keeps in its
// own files.
func withoutOwnID(e *edit.Editor, unmet []string) ([]string, error) {
	id, _, err := e.Read("/etc/machine-id")
	if err != nil {
		return nil, err
	}
	own := strings.TrimSpace(id)
	return slices.DeleteFunc(unmet, func(condition string) bool {
		_, value, _ := strings.Cut(condition, "=")
		return netconf.IsMachineID(value) && strings.EqualFold(strings.ReplaceAll(value, "-", ""), own)
	}), nil
}
