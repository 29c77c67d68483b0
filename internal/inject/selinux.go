package inject

import "strings"

// usesSELinux reports whether the guest enforces or checks SELinux labels.
func (p *plan) usesSELinux() bool {
	values := parseAssignments(p.mustRead("/etc/selinux/config"))
	mode := strings.ToLower(values["SELINUX"])
	return mode == "enforcing" || mode == "permissive"
}
