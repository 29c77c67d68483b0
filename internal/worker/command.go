package worker

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

func arguments(job Job) []string {
	args := append([]string{"--manifest", "-", "--events", "--cancel-on-stdin-close"}, engineArguments(job.Acceleration, job.WorkDirectory)...)
	if job.HostID != "" {
		args = append(args, "--host-id", job.HostID)
	}
	if job.RunID != "" {
		args = append(args, "--run-id", job.RunID)
	}
	return args
}

// executable is the program of the engine: the one that is given, or the running binary.
func executable(given string) (string, error) {
	if given != "" {
		return given, nil
	}
	own, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("finding the provider's own executable: %w", err)
	}
	return own, nil
}

// engineArguments are those of settings which are not empty.
func engineArguments(acceleration, workDirectory string) (args []string) {
	if acceleration != "" {
		args = append(args, "--acceleration", acceleration)
	}
	if workDirectory != "" {
		args = append(args, "--work-directory", workDirectory)
	}
	return args
}

// inherited names the variables that the child gets from this process. It is
// a list of what may pass, because TF_VAR_*, cloud credentials and tokens of
// whoever runs Terraform are no business of the tools that the child starts.
var inherited = []string{
	"PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "LD_LIBRARY_PATH",
	"XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME",
	"GOCOVERDIR", "GOTRACEBACK",
}

// environment filters the entries ("NAME=value") of this process for the child.
func environment(entries []string) []string {
	var kept []string
	for _, entry := range entries {
		name, _, _ := strings.Cut(entry, "=")
		if slices.Contains(inherited, name) || strings.HasPrefix(name, "LIBGUESTFS_") || strings.HasPrefix(name, "SUPERMIN_") {
			kept = append(kept, entry)
		}
	}
	// The tools' messages are read by programs, and file names are UTF-8.
	return append(kept, "LC_ALL=C.UTF-8", "LANG=C.UTF-8")
}
