package network

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
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
	if !e.Exists(cloudConfig) {
		return nil
	}
	c, err := readCloudInit(e.Reader)
	if err != nil || !c.takesForNew() {
		return err
	}
	c.warnNew(e)
	if len(files) == 0 || c.networkDisabled {
		return nil
	}
	return e.Write(cloudNetwork, cloudNetworkText, 0o644,
		"keep cloud-init from configuring the network anew: its source of settings is not on the new machine")
}

// takesForNew: cloud-init runs, and does not know the instance again that it has set up.
func (c cloudInit) takesForNew() bool {
	return c.ranBefore && !c.disabled && !c.trustsCache && !c.findsItsOwn() && c.runs()
}

// warnNew tells what cloud-init does to a new instance besides the network
// (cc_ssh and cc_users_groups in its sources).
func (c cloudInit) warnNew(e *edit.Editor) {
	does, or := "make new SSH host keys, and lock the password of its default user", "; ssh_deletekeys: false keeps the host keys alone"
	if c.keepsHostKeys {
		does, or = "lock the password of its default user", ""
	}
	e.Warn(report.ConcernCloudInit, "the source of cloud-init's settings is not on the new machine, which may be a new instance to it: it may then "+does,
		"write manual_cache_clean: true into a file of /etc/cloud/cloud.cfg.d in the guest, before the migration: the instance stays the same"+or)
}

// cloudInit is what decides whether cloud-init runs and renders the network. Its
// ds-identify is a shell script that reads configuration by lines, and no YAML
// (tools/ds-identify in cloud-init's sources).
type cloudInit struct {
	ranBefore       bool // it has set up this guest
	disabled        bool
	networkDisabled bool
	trustsCache     bool // it stays with the instance that it knows
	keepsHostKeys   bool
	identifies      bool // the guest has ds-identify, which decides whether it runs
	mode            string
	notFound, maybe string
	source          string   // by ds-identify.cfg or a kernel parameter: no other is looked for
	sources         []string // datasource_list; none means all that are known
	// own are the sources whose settings lie on the guest's own disk, recognized
	// those that ds-identify takes for found though they are elsewhere, and doubted
	// those that it takes for possible.
	own, recognized, doubted []string
}

// candidates are the sources that cloud-init is left with before any is looked for.
func (c cloudInit) candidates() []string {
	if c.source != "" {
		return []string{c.source}
	}
	return c.sources
}

// uses reports whether one of the sources is among those that are looked for.
func (c cloudInit) uses(sources []string) bool {
	candidates := c.candidates()
	return slices.ContainsFunc(sources, func(s string) bool {
		return len(candidates) == 0 || slices.ContainsFunc(candidates, func(candidate string) bool { return strings.EqualFold(candidate, s) })
	})
}

// findsItsOwn: cloud-init is the same instance to itself on any machine.
func (c cloudInit) findsItsOwn() bool { return c.uses(c.own) }

// runs follows ds-identify on a machine that is none of the clouds: a single source
// is taken for granted, with None behind it too; of several those count that files
// of the guest tell; if none, the policy says what then. The mode report looks, and
// lets cloud-init run whatever comes of it.
func (c cloudInit) runs() bool {
	candidates := c.candidates()
	switch {
	case !c.identifies:
		return true // its generator takes a source for found
	case c.mode == "disabled":
		return false
	case c.mode == "enabled", c.mode == "report", c.source != "":
		return true
	case len(candidates) == 1, len(candidates) == 2 && candidates[1] == "None":
		return true
	case c.uses(c.recognized), c.maybe != "none" && c.uses(c.doubted):
		return true
	}
	return c.notFound == "enabled"
}

func readCloudInit(e *edit.Reader) (cloudInit, error) {
	c := cloudInit{mode: "search", notFound: "disabled", maybe: "all"}
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
	// Machines without DMI cannot be told apart, and cloud-init runs.
	for _, loader := range []string{"/lib/ld-linux-aarch64.so.1", "/usr/lib/ld-linux-aarch64.so.1", "/lib/ld-musl-aarch64.so.1"} {
		if e.Exists(loader) {
			c.notFound, c.doubted = "enabled", []string{"OpenStack"}
		}
	}
	c.trustsCache = e.Exists("/var/lib/cloud/instance/manual-clean")
	if err := c.readSeeds(e); err != nil {
		return c, err
	}
	return c, c.readFiles(e)
}

// seeds are what lies on the guest's disk for a source: files below
// /var/lib/cloud/seed, all of them.
var seeds = []struct {
	source, directory string
	files             []string
}{
	{"NoCloud", "nocloud", []string{"meta-data", "user-data"}},
	{"NoCloud", "nocloud-net", []string{"meta-data", "user-data"}},
	{"ConfigDrive", "config_drive", []string{"openstack/latest/meta_data.json"}},
	{"OVF", "ovf", []string{"ovf-env.xml"}},
	{"Azure", "azure", []string{"ovf-env.xml"}},
	{"Ec2", "ec2", []string{"meta-data", "user-data"}},
	{"AliYun", "AliYun", []string{"meta-data", "user-data"}},
	{"OpenNebula", "opennebula", []string{"meta-data"}},
}

func (c *cloudInit) readSeeds(e *edit.Reader) error {
	for _, seed := range seeds {
		if !slices.ContainsFunc(seed.files, func(file string) bool { return !e.Exists(path.Join("/var/lib/cloud/seed", seed.directory, file)) }) {
			c.own = append(c.own, seed.source)
		}
	}
	for _, drive := range []string{"/config-drive/openstack", "/var/lib/cloud/seed/config_drive/openstack"} {
		dated, err := e.List(drive, "2???-??-??")
		if err != nil {
			return err
		}
		if slices.ContainsFunc(dated, func(d string) bool { return e.Exists(path.Join(d, "meta_data.json")) }) {
			c.own = append(c.own, "ConfigDrive")
		}
	}
	for file, source := range map[string]string{"/var/lib/cloud/data/seed/bigstep/url": "Bigstep", "/etc/vultr": "Vultr"} {
		if e.Exists(file) {
			c.recognized = append(c.recognized, source)
		}
	}
	// Without any source it calls itself by one name everywhere.
	if text, _, err := e.Read("/var/lib/cloud/data/previous-datasource"); err != nil {
		return err
	} else if strings.HasPrefix(text, "DataSourceNone") {
		c.own = append(c.own, "None")
	}
	return nil
}

func (c *cloudInit) readFiles(e *edit.Reader) error {
	names, err := e.List(cloudDirectory, "*.cfg")
	if err != nil {
		return err
	}
	keys := map[string]string{}
	for _, name := range append([]string{cloudConfig}, names...) {
		text, _, err := e.Read(name)
		if err != nil {
			return err
		}
		c.readConfig(text)
		strict, had := keys["strict_id"]
		readKeys(text, keys)
		if name != cloudConfig && !strings.Contains(strings.ToLower(path.Base(name)), "ec2") { // it is not read there
			if delete(keys, "strict_id"); had {
				keys["strict_id"] = strict
			}
		}
	}
	c.readIdentified(keys)
	text, _, err := e.Read("/etc/cloud/ds-identify.cfg")
	if err != nil {
		return err
	}
	c.readIdentify(text)
	return c.readParameters(e)
}

// identifiedKeys are the keys that ds-identify looks for, wherever in a file.
var identifiedKeys = []string{"datasource_list", "NoCloud", "MAAS", "user-data", "meta-data", "strict_id"}

// readKeys reads a file by its lines; the last one counts.
func readKeys(text string, keys map[string]string) {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), "#")
		key, value, ok := strings.Cut(line, ":")
		if ok && slices.Contains(identifiedKeys, key) && (value == "" || value[0] == ' ') {
			keys[key] = strings.TrimPrefix(value, " ")
		}
	}
}

func (c *cloudInit) readIdentified(keys map[string]string) {
	has := func(key string) bool { _, ok := keys[key]; return ok }
	c.sources = sourceNames(keys["datasource_list"])
	if has("NoCloud") && has("user-data") && has("meta-data") {
		c.own = append(c.own, "NoCloud")
	}
	if has("MAAS") { // its server may well be there on the new machine
		c.own = append(c.own, "MAAS")
	}
	if strict := strings.Trim(keys["strict_id"], `"' `); strict == "false" || strings.HasPrefix(strict, "warn") {
		c.doubted = append(c.doubted, "Ec2")
	}
}

// sourceNames reads `[ A, "B" ]`, with the brackets or without.
func sourceNames(list string) []string {
	var names []string
	for _, name := range strings.Split(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(list), "["), "]"), ",") {
		if name = strings.Trim(name, " \t\"'"); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// cloudMasked: the stage that configures the network cannot start.
func cloudMasked(e *edit.Reader) bool {
	target, err := e.Readlink("/etc/systemd/system/cloud-init-local.service")
	return err == nil && target == "/dev/null"
}

// readConfig reads one file as cloud-init itself does; the last one that has a
// setting counts.
func (c *cloudInit) readConfig(text string) {
	var config struct {
		CacheClean *bool `yaml:"manual_cache_clean"`
		DeleteKeys *bool `yaml:"ssh_deletekeys"`
		Network    any   `yaml:"network"`
	}
	if conf.CheckYAML(text) != nil || yaml.Unmarshal([]byte(text), &config) != nil {
		return // cloud-init passes over what is no YAML, too
	}
	if config.CacheClean != nil {
		c.trustsCache = *config.CacheClean
	}
	if config.DeleteKeys != nil {
		c.keepsHostKeys = !*config.DeleteKeys
	}
	if network, ok := config.Network.(map[string]any); ok {
		if value, ok := network["config"]; ok {
			c.networkDisabled = value == "disabled"
		}
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
			c.source = value
		}
	}
}

// setPolicy reads "search,found=all,maybe=all,notfound=disabled": the parts may
// stand in any order, and what is none of them counts for nothing.
func (c *cloudInit) setPolicy(value string) {
	for _, part := range strings.Split(value, ",") {
		switch part {
		case "enabled", "disabled", "search", "report":
			c.mode = part
		case "notfound=enabled", "notfound=disabled":
			c.notFound = strings.TrimPrefix(part, "notfound=")
		case "maybe=all", "maybe=none":
			c.maybe = strings.TrimPrefix(part, "maybe=")
		}
	}
}

// listParameter is datasource_list within the kernel parameter cc:.
var listParameter = regexp.MustCompile(`\bcc:.*datasource_list[^\[\n]*\[([^\]\n]*)\]`)

// readParameters: the kernel's command line comes after all files.
func (c *cloudInit) readParameters(e *edit.Reader) error {
	return eachCommandLine(e, func(_, text string) {
		for line := range strings.Lines(text) {
			if strings.HasPrefix(strings.TrimSpace(line), "#") {
				continue
			}
			c.disabled = c.disabled || strings.Contains(line, "cloud-init=disabled")
			if m := listParameter.FindStringSubmatch(line); m != nil {
				c.sources = sourceNames(strings.ReplaceAll(m[1], `\`, ""))
			}
			// A semicolon ends GRUB's command, unless it is quoted: it stays in the word.
			c.readWords(e, strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\r\n\"'", r) }))
		}
	})
}

func (c *cloudInit) readWords(e *edit.Reader, words []string) {
	for _, word := range words {
		if at := strings.LastIndex(word, "CMDLINE_LINUX"); at >= 0 {
			_, word, _ = strings.Cut(word, "=")
		}
		key, value, _ := strings.Cut(word, "=")
		value, rest, _ := strings.Cut(strings.ReplaceAll(value, `\`, ""), ";")
		switch {
		case slices.Contains([]string{"ds", "ci.ds", "ci.datasource"}, key) && value != "":
			c.source = strings.TrimSuffix(value, "-net")
			c.readSeedOf(e, rest)
		case key == "ci.di.policy":
			c.setPolicy(value)
		case word == "network-config=disabled":
			c.networkDisabled = true
		}
	}
}

// readSeedOf reads the rest of ds=nocloud;s=/path/ or ds=nocloud;seedfrom=/path/.
func (c *cloudInit) readSeedOf(e *edit.Reader, options string) {
	for _, option := range strings.Split(options, ";") {
		key, value, _ := strings.Cut(option, "=")
		directory := strings.TrimPrefix(value, "file://")
		if (key == "s" || key == "seedfrom") && path.IsAbs(directory) && e.Exists(path.Join(directory, "meta-data")) {
			c.own = append(c.own, "NoCloud")
		}
	}
}
