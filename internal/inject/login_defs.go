package inject

import (
	"strconv"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// loginDefs are the guest's rules for new accounts: login.defs(5) and
// useradd's own defaults.
type loginDefs map[string]string

// readLoginDefs reads them from /etc and, as in newer SUSE systems, /usr/etc.
func readLoginDefs(p *plan) loginDefs {
	defs := loginDefs{}
	for _, name := range []string{"/usr/etc/login.defs", "/etc/login.defs"} {
		for line := range strings.Lines(p.mustRead(name)) {
			if fields := strings.Fields(line); len(fields) >= 2 && !strings.HasPrefix(fields[0], "#") {
				defs[fields[0]] = fields[1]
			}
		}
	}
	for _, name := range []string{"/usr/etc/default/useradd", "/etc/default/useradd"} {
		for key, value := range conf.Assignments(p.mustRead(name)) {
			defs["useradd "+key] = value
		}
	}
	return defs
}

func (d loginDefs) number(key string, otherwise int) int {
	if n, err := strconv.ParseInt(d[key], 0, 64); err == nil {
		return int(n)
	}
	return otherwise
}

// userGroups reports whether each user gets a group of its own.
func (d loginDefs) userGroups() bool {
	return !strings.EqualFold(d["USERGROUPS_ENAB"], "no")
}
