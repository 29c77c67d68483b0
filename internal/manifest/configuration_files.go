package manifest

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// plainFilename matches names that lead to no other directory, are not hidden
// and are read by whoever reads the directory.
var plainFilename = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.@:+-]{0,127}$`)

func (w *Network) check(c *collector) {
	if w == nil {
		return
	}
	checkFiles(c, "configuration.network.systemd_networkd", w.SystemdNetworkd, networkdProblem, ".network", ".netdev", ".link")
	checkFiles(c, "configuration.network.netplan", w.Netplan, netplanProblem, ".yaml")
	checkFiles(c, "configuration.network.network_manager", w.NetworkManager, keyfileProblem, ".nmconnection")
}

// checkFiles checks the files of one directory. problem says what is wrong with
// a content, without showing any of it.
func checkFiles(c *collector, list string, files []NetworkFile, problem func(NetworkFile) string, suffixes ...string) {
	seen := map[string]string{}
	for n, file := range files {
		at := element(list, n)
		if !plainFilename.MatchString(file.Filename) || !hasSuffix(file.Filename, suffixes) {
			c.add(at+".filename", "%q is not a plain file name that ends with %s", file.Filename, alternatives(suffixes))
		}
		if first, twice := seen[file.Filename]; twice && file.Filename != "" {
			c.add(at+".filename", "%q is in %s already", file.Filename, first)
		}
		seen[file.Filename] = at
		if text := contentProblem(file.Content); text != "" {
			c.add(at+".content", "%s", text)
		} else if text := problem(file); text != "" {
			c.given(at+".filename").add(at+".content", "%s", text)
		}
	}
}

func hasSuffix(name string, suffixes []string) bool {
	for _, suffix := range suffixes {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// alternatives is "a", or "a, b or c".
func alternatives(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

func contentProblem(content string) string {
	switch {
	case strings.TrimSpace(content) == "":
		return "must not be empty"
	case strings.ContainsRune(content, 0):
		return "holds a NUL character"
	default:
		return ""
	}
}

// networkdProblem says why systemd would not use a file (systemd.network(5)
// and its neighbours).
func networkdProblem(file NetworkFile) string {
	parsed, bad := conf.ParseINI(file.Content)
	section := "Match"
	if strings.HasSuffix(file.Filename, ".netdev") {
		section = "NetDev"
	}
	switch {
	case len(bad) > 0:
		return fmt.Sprintf("line %d is neither [Section] nor Key=value", bad[0])
	case !parsed.Has(section):
		return fmt.Sprintf("has no [%s] section, without which the file has no effect", section)
	default:
		return ""
	}
}

// netplanProblem says why netplan(5) would not use a file.
func netplanProblem(file NetworkFile) string {
	var parsed struct {
		Network map[string]any `yaml:"network"`
	}
	err := yaml.Unmarshal([]byte(file.Content), &parsed)
	var syntax *yaml.SyntaxError
	switch {
	case errors.As(err, &syntax) && syntax.GetToken() != nil:
		return fmt.Sprintf("line %d is not valid YAML", syntax.GetToken().Position.Line)
	case err != nil:
		return "is no YAML of the form that netplan reads"
	case len(parsed.Network) == 0:
		return "has no network section, without which the file has no effect"
	default:
		return ""
	}
}

// keyfileProblem says why NetworkManager would not load a file
// (nm-settings-keyfile(5)).
func keyfileProblem(file NetworkFile) string {
	parsed, bad := conf.ParseINI(file.Content)
	switch {
	case len(bad) > 0:
		return fmt.Sprintf("line %d is neither [section] nor key=value", bad[0])
	case !parsed.Has("connection"):
		return "has no [connection] section, without which the file has no effect"
	case parsed.Value("connection", "type") == "":
		return "has no type in its [connection] section, such as type=ethernet"
	default:
		return ""
	}
}

// scriptName matches names that lead to no other directory and sort as they
// read.
var scriptName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)

func checkScripts(c *collector, scripts []Script) {
	seen := map[string]string{}
	for n, script := range scripts {
		at := element("configuration.first_boot", n)
		if !scriptName.MatchString(script.Name) {
			c.add(at+".name", "%q is not a script name: use up to 64 letters, digits, '_', '-' and '.', with a letter or digit first", script.Name)
		}
		if first, twice := seen[script.Name]; twice && script.Name != "" {
			c.add(at+".name", "%q is in %s already", script.Name, first)
		}
		seen[script.Name] = at
		if text := contentProblem(script.Content); text != "" {
			c.add(at+".content", "%s", text)
		}
	}
}
