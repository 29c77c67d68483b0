package network

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
)

const (
	cloudConfig    = "/etc/cloud/cloud.cfg"
	cloudDirectory = "/etc/cloud/cloud.cfg.d"
	// cloudNetwork sorts behind what others put there: the last file counts.
	cloudNetwork     = cloudDirectory + "/zz-hyper2kvm-network.cfg"
	cloudNetworkText = "# Written by hyper2kvm: the network stays as it was on the old machine.\nnetwork: {config: disabled}\n"
)

// keepFromCloudInit tells cloud-init not to render the network again where it
// would run without the source of its settings: to it the guest is then a new
// instance, whose cards get DHCP. A guest that it has never set up is left to
// it, and so is one whose settings lie on its own disk.
func keepFromCloudInit(e *edit.Editor, files []networkFile) error {
	if len(files) == 0 || !e.Exists(cloudConfig) {
		return nil
	}
	c, err := readCloudInit(e)
	if err != nil {
		return err
	}
	if !c.ranBefore || c.disabled || c.networkDisabled || c.trustsCache || c.seeded || !c.runs() {
		return nil
	}
	return e.Write(cloudNetwork, cloudNetworkText, 0o644,
		"keep cloud-init from configuring the network anew: its source of settings is not on the new machine")
}

// cloudInit is what decides whether cloud-init runs and renders the network.
type cloudInit struct {
	ranBefore       bool // it has set up this guest
	disabled        bool
	networkDisabled bool
	trustsCache     bool // manual_cache_clean: it stays with the instance it knows
	seeded          bool // a source that is found on the guest's own disk
	identifies      bool // the guest has ds-identify, which decides whether it runs
	notFound        string
	policy          string
	sources         []string // as ds-identify reads them; none means all of its own
}

// runs follows cloud-init's ds-identify on a machine that is none of the
// clouds: a single source is taken for granted, with None behind it too; of
// several none is found, and the policy says what then.
func (c cloudInit) runs() bool {
	switch {
	case !c.identifies:
		return true // its generator takes a source for found
	case c.policy == "disabled":
		return false
	case c.policy == "enabled":
		return true
	case len(c.sources) == 1, len(c.sources) == 2 && c.sources[1] == "None":
		return true
	}
	return c.notFound == "enabled"
}

func readCloudInit(e *edit.Editor) (cloudInit, error) {
	c := cloudInit{notFound: "disabled"}
	c.disabled = e.Exists("/etc/cloud/cloud-init.disabled") || cloudMasked(e)
	for _, name := range []string{"/var/lib/cloud/data/previous-datasource", "/var/lib/cloud/data/previous-instance-id", "/var/lib/cloud/instance"} {
		if _, err := e.Lstat(name); err == nil {
			c.ranBefore = true
		} else if !errors.Is(err, fs.ErrNotExist) {
			return c, err
		}
	}
	for _, name := range []string{"/usr/lib/cloud-init/ds-identify", "/lib/cloud-init/ds-identify", "/usr/libexec/cloud-init/ds-identify"} {
		c.identifies = c.identifies || e.Exists(name)
	}
	for _, name := range []string{"nocloud", "nocloud-net", "config_drive", "azure"} {
		for _, file := range []string{"meta-data", "user-data", "openstack/latest/meta_data.json", "ovf-env.xml"} {
			c.seeded = c.seeded || e.Exists(path.Join("/var/lib/cloud/seed", name, file))
		}
	}
	names, err := e.List(cloudDirectory, "*.cfg")
	if err != nil {
		return c, err
	}
	for _, name := range append([]string{cloudConfig}, names...) {
		text, _, err := e.Read(name)
		if err != nil {
			return c, err
		}
		c.readConfig(text)
	}
	text, _, err := e.Read("/etc/cloud/ds-identify.cfg")
	if err != nil {
		return c, err
	}
	c.readIdentify(text)
	return c, c.readParameters(e)
}

// cloudMasked: the stage that configures the network cannot start.
func cloudMasked(e *edit.Editor) bool {
	target, err := e.Readlink("/etc/systemd/system/cloud-init-local.service")
	return err == nil && target == "/dev/null"
}

// sourceList is the one form of the setting that ds-identify reads.
var sourceList = regexp.MustCompile(`(?m)^[ \t]*datasource_list:[ \t]*\[([^\]\n]*)\]`)

// readConfig reads one file; the last one that has a setting counts.
func (c *cloudInit) readConfig(text string) {
	for _, match := range sourceList.FindAllStringSubmatch(text, -1) {
		c.sources = nil
		for _, name := range strings.Split(match[1], ",") {
			if name = strings.Trim(name, " \t\"'"); name != "" {
				c.sources = append(c.sources, name)
			}
		}
	}
	var config struct {
		CacheClean *bool          `yaml:"manual_cache_clean"`
		Network    any            `yaml:"network"`
		Source     map[string]any `yaml:"datasource"`
	}
	if yaml.Unmarshal([]byte(text), &config) != nil {
		return // cloud-init passes over it too
	}
	if config.CacheClean != nil {
		c.trustsCache = *config.CacheClean
	}
	if network, ok := config.Network.(map[string]any); ok {
		if value, ok := network["config"]; ok {
			c.networkDisabled = value == "disabled"
		}
	}
	if source, ok := config.Source["NoCloud"].(map[string]any); ok {
		_, user := source["user-data"]
		_, meta := source["meta-data"]
		c.seeded = c.seeded || user && meta
	}
	if _, ok := config.Source["MAAS"]; ok {
		c.seeded = true
	}
}

// readIdentify reads ds-identify.cfg: "policy: search,found=all,notfound=enabled".
func (c *cloudInit) readIdentify(text string) {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		value = strings.Trim(value, " \t\"'")
		switch key {
		case "policy":
			c.setPolicy(value)
		case "datasource":
			if value != "" {
				c.sources = []string{value}
			}
		}
	}
}

func (c *cloudInit) setPolicy(value string) {
	for n, part := range strings.Split(value, ",") {
		if after, ok := strings.CutPrefix(part, "notfound="); ok {
			c.notFound = after
		} else if n == 0 && part != "" {
			c.policy = part
		}
	}
}

// readParameters: the kernel's command line comes after all files.
func (c *cloudInit) readParameters(e *edit.Editor) error {
	return eachFile(e, bootFiles, func(_, text string) {
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(strings.TrimSpace(line), "#") {
				c.readWords(strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\r\n\"'", r) }))
			}
		}
	})
}

func (c *cloudInit) readWords(words []string) {
	for _, word := range words {
		key, value, _ := strings.Cut(word, "=")
		switch {
		case slices.Contains([]string{"ci.ds", "ci.datasource"}, key) && value != "":
			c.sources = []string{value}
		case key == "ci.di.policy":
			c.setPolicy(value)
		case word == "cloud-init=disabled":
			c.disabled = true
		case word == "network-config=disabled":
			c.networkDisabled = true
		}
	}
}
