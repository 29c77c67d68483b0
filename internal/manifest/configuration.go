package manifest

import (
	"net/netip"
	"path"
	"regexp"
	"strings"
)

func (g *Configuration) check(c *collector) {
	if g == nil {
		return
	}
	g.Users.check(c)
	g.Services.check(c)
	g.Hostname.check(c)
	g.Network.check(c)
}

func (u *Users) check(c *collector) {
	if u == nil {
		return
	}
	names, uids := map[string]string{}, map[int]string{}
	for n, user := range u.Create {
		at := element("configuration.users.create", n)
		user.check(c, at)
		if first, twice := names[user.Name]; twice && user.Name != "" {
			c.add(at+".name", "the user %q is in %s already", user.Name, first)
		}
		names[user.Name] = at
		if user.UID == nil {
			continue
		}
		if first, twice := uids[*user.UID]; twice {
			c.add(at+".uid", "%d is the uid of %s already", *user.UID, first)
		}
		uids[*user.UID] = at
	}
}

// accountName matches user and group names that every distribution's tools take.
var accountName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,31}$`)

const accountNameRule = "use up to 32 letters, digits, '_', '-' and '.', with a letter or '_' first"

// The ids that Linux reserves: 65534 is nobody, 65535 and 4294967295 mean "no id".
const (
	maxUID     = 4294967294
	nobodyUID  = 65534
	noUID16Bit = 65535
)

func (u User) check(c *collector, at string) {
	if !accountName.MatchString(u.Name) {
		c.add(at+".name", "%q is not a user name: %s", u.Name, accountNameRule)
	}
	if u.UID != nil && (*u.UID < 1 || int64(*u.UID) > maxUID || *u.UID == nobodyUID || *u.UID == noUID16Bit) {
		c.add(at+".uid", "%d cannot be a user's uid: use 1 to 4294967294 without 65534 and 65535 (people have 1000 and more)", *u.UID)
	}
	if u.Password != "" && !isCryptHash(u.Password) {
		// What was given may be the password itself and must not be shown.
		c.add(at+".password", `is not a crypt(3) hash: passwords are never taken in plain text; make a hash with "openssl passwd -6" (or "mkpasswd -m yescrypt")`)
	}
	u.checkGroups(c, at+".groups")
	if u.Shell != "" && (!path.IsAbs(u.Shell) || hasControl(u.Shell) || strings.ContainsAny(u.Shell, ": ")) {
		c.add(at+".shell", "%q is not the absolute path of a shell, such as /bin/bash", u.Shell)
	}
	for n, key := range u.SSHAuthorizedKeys {
		if problem := sshKeyProblem(key); problem != "" {
			c.add(element(at+".ssh_authorized_keys", n), "%s", problem)
		}
	}
}

func (u User) checkGroups(c *collector, at string) {
	seen := map[string]bool{}
	for n, group := range u.Groups {
		switch {
		case !accountName.MatchString(group):
			c.add(element(at, n), "%q is not a group name: %s", group, accountNameRule)
		case seen[group]:
			c.add(element(at, n), "the group %q is there twice", group)
		}
		seen[group] = true
	}
}

// cryptHash matches the modular formats of crypt(5): $id$ and what follows, of
// the characters that may stand in a shadow file.
var cryptHash = regexp.MustCompile(`^\$(1|2[abxy]?|5|6|7|y|gy|md5|sha1|argon2(i|d|id))[$,][!-9<-~]+$`)

// isCryptHash reports whether a password is a hash, or one of the marks of an
// account without password login ("!", "*", or a hash that "!" locks).
func isCryptHash(password string) bool {
	hash := strings.TrimLeft(password, "!*")
	return hash == "" || cryptHash.MatchString(hash)
}

// sshKey finds the type and the beginning of a public key, behind options if
// the line has any.
var sshKey = regexp.MustCompile(`(^|[\s,"])(ssh|ecdsa|sk-ssh|sk-ecdsa)-[A-Za-z0-9@.-]+\s+AAAA`)

// sshKeyProblem says what is wrong with a line of authorized_keys, without
// showing any of it: it may be a private key by mistake.
func sshKeyProblem(key string) string {
	switch {
	case strings.Contains(key, "PRIVATE KEY"):
		return "is a private key, which must never be given away: use the line of the .pub file"
	case hasControl(strings.ReplaceAll(strings.TrimSuffix(key, "\n"), "\t", " ")):
		return "is more than one line: give each key as an element of its own"
	case strings.HasPrefix(strings.TrimSpace(key), "#"), !sshKey.MatchString(key):
		return `is not an SSH public key: use the line of a .pub file, such as "ssh-ed25519 AAAA... user@host"`
	default:
		return ""
	}
}

// unitName matches systemd unit names with or without their suffix.
var unitName = regexp.MustCompile(`^[A-Za-z0-9:_.\\@-]{1,255}$`)

func (s *Services) check(c *collector) {
	if s == nil {
		return
	}
	enabled := map[string]bool{}
	for n, name := range s.Enable {
		checkUnitName(c, element("configuration.services.enable", n), name)
		enabled[strings.TrimSuffix(name, ".service")] = true
	}
	for n, name := range s.Disable {
		at := element("configuration.services.disable", n)
		checkUnitName(c, at, name)
		if enabled[strings.TrimSuffix(name, ".service")] {
			c.add(at, "the service %q is enabled and disabled: keep one of the two", name)
		}
	}
}

func checkUnitName(c *collector, at, name string) {
	if !unitName.MatchString(name) {
		c.add(at, "%q is not the name of a service or unit", name)
	}
}

// The longest names: HOST_NAME_MAX of Linux and RFC 1035.
const (
	maxHostname   = 64
	maxDomainName = 253
)

var (
	// domainName matches names of RFC 1123.
	domainName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$`)
	// hostsName matches names of /etc/hosts, where underscores are in use.
	hostsName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$`)
)

func (h *Hostname) check(c *collector) {
	if h == nil {
		return
	}
	if h.Hostname != "" && (len(h.Hostname) > maxHostname || !domainName.MatchString(h.Hostname)) {
		c.add("configuration.hostname.hostname", "%q is not a host name: use up to %d letters, digits and inner hyphens", h.Hostname, maxHostname)
	}
	if h.Domain != "" && (len(h.Domain) > maxDomainName || !domainName.MatchString(h.Domain)) {
		c.add("configuration.hostname.domain", "%q is not a domain name", h.Domain)
	}
	if h.Domain != "" && h.Hostname == "" {
		c.add("configuration.hostname.domain", "has no effect without hostname: give both")
	}
	for n, host := range h.Hosts {
		host.check(c, element("configuration.hostname.hosts", n))
	}
}

func (h Host) check(c *collector, at string) {
	if _, err := netip.ParseAddr(h.IP); err != nil {
		c.add(at+".ip", "%q is not an IPv4 or IPv6 address", h.IP)
	}
	names := strings.Fields(h.Hostname)
	if len(names) == 0 {
		c.add(at+".hostname", "must not be empty")
	}
	if hasControl(strings.ReplaceAll(h.Hostname, "\t", " ")) {
		c.add(at+".hostname", "%q is more than one line", h.Hostname)
		return
	}
	for _, name := range names {
		if len(name) > maxDomainName || !hostsName.MatchString(name) {
			c.add(at+".hostname", "%q is not a host name", name)
		}
	}
}

// networkdFilename matches the configuration files of systemd-networkd.
var networkdFilename = regexp.MustCompile(`^[A-Za-z0-9_@:-][A-Za-z0-9_@:.-]*\.(network|netdev|link)$`)

func (w *Network) check(c *collector) {
	if w == nil {
		return
	}
	seen := map[string]string{}
	for n, file := range w.SystemdNetworkd {
		at := element("configuration.network.systemd_networkd", n)
		if !networkdFilename.MatchString(file.Filename) {
			c.add(at+".filename", "%q is not a plain file name that ends with .network, .netdev or .link", file.Filename)
		}
		if first, twice := seen[file.Filename]; twice && file.Filename != "" {
			c.add(at+".filename", "%q is in %s already", file.Filename, first)
		}
		seen[file.Filename] = at
		switch {
		case strings.TrimSpace(file.Content) == "":
			c.add(at+".content", "must not be empty")
		case strings.ContainsRune(file.Content, 0):
			c.add(at+".content", "holds a NUL character")
		}
	}
}
