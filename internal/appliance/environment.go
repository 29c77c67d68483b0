//go:build linux

package appliance

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// directoryVariables are what libguestfs and supermin are told directories by.
var directoryVariables = []string{"LIBGUESTFS_TMPDIR", "LIBGUESTFS_CACHEDIR", "TMPDIR"}

// runtimeVariable is where libguestfs makes its sockets. Where that is no
// directory, it does without.
const runtimeVariable = "XDG_RUNTIME_DIR"

// checkEnvironment says which variables name no directory. supermin fails for
// such a TMPDIR, and what is meant by the others is not done.
func checkEnvironment() (lacks []error, broken []string) {
	for _, name := range directoryVariables {
		value, set := os.LookupEnv(name)
		if !set || value == "" && name != "TMPDIR" {
			continue
		}
		problem := ""
		switch info, err := os.Stat(value); {
		case value == "":
			problem = "is set and empty"
		case name == "TMPDIR" && !filepath.IsAbs(value):
			problem = fmt.Sprintf("is %s, which is no absolute path", value)
		case err != nil:
			problem = fmt.Sprintf("names %s, which cannot be used (%v)", value, withoutName(err))
		case !info.IsDir():
			problem = fmt.Sprintf("names %s, which is no directory", value)
		}
		if problem != "" {
			broken = append(broken, name)
			lacks = append(lacks, missing("the environment variable "+name+" "+problem,
				"let "+name+" name a directory that exists, by its absolute path, or unset it"))
		}
	}
	return lacks, broken
}

// environmentWithout is the environment but for some variables.
func environmentWithout(names []string) []string {
	return slices.DeleteFunc(os.Environ(), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains(names, name)
	})
}

// chosenDirectories are where libguestfs and supermin keep, build and talk, by
// the environment. Those that a broken variable decides are not known.
func chosenDirectories(uid int, broken []string) (cache, build, sockets directory) {
	choose := func(otherwise string, names ...string) directory {
		for _, name := range names {
			if slices.Contains(broken, name) {
				return directory{}
			}
			if value := os.Getenv(name); value != "" {
				return directory{value, name}
			}
		}
		return directory{path: otherwise}
	}
	cache = choose("/var/tmp", "LIBGUESTFS_CACHEDIR", "TMPDIR")
	build = choose("/var/tmp", "TMPDIR")
	sockets = directory{path: "/tmp"}
	if at := os.Getenv(runtimeVariable); uid != 0 && exists(at) {
		sockets = directory{at, runtimeVariable}
	}
	return cache, build, sockets
}
