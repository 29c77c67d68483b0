package firstboot

import (
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
)

// RefusesScripts says that a group policy keeps PowerShell from running scripts that are
// not signed, by the hive SOFTWARE. It goes before what a program asks for.
func RefusesScripts(software registry.Reader) (bool, error) {
	// By Microsoft's PowerShellExecutionPolicy.admx.
	const key = `Policies\Microsoft\Windows\PowerShell`
	enabled, has, err := registry.Get(software, key, "EnableScripts")
	number, isNumber := enabled.Number()
	if err != nil || !has || !isNumber {
		return false, err
	}
	policy, _, err := registry.Get(software, key, "ExecutionPolicy")
	return number == 0 || strings.EqualFold(policy.Text(), "AllSigned") || strings.EqualFold(policy.Text(), "Restricted"), err
}
