package inject

import (
	"fmt"
	"path"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// planKeys stages a user's authorized_keys. sshd ignores the file where
// others could write to it or to its directories.
func planKeys(p *plan, index int, user manifest.User, home string, by owner) error {
	if len(user.SSHAuthorizedKeys) == 0 {
		return nil
	}
	var keys []conf.AuthorizedKey
	for i, line := range user.SSHAuthorizedKeys {
		key, err := conf.ParseAuthorizedKey(line)
		if err != nil {
			return fmt.Errorf("%s: %w", attribute(attrCreate, index, fmt.Sprintf("ssh_authorized_keys[%d]", i)), err)
		}
		if key.Fingerprint == "" {
			p.warn(report.ConcernSSHKeys, fmt.Sprintf("%s: this is no valid %s key: sshd will ignore it", attribute(attrCreate, index, fmt.Sprintf("ssh_authorized_keys[%d]", i)), key.Type),
				"give the whole content of the .pub file")
		}
		keys = append(keys, key)
	}
	directory := path.Join(home, ".ssh")
	file := path.Join(directory, "authorized_keys")
	old, _, err := p.read(file)
	if err != nil {
		return err
	}
	text, added := conf.AddAuthorizedKeys(old, keys)
	p.mkdir(directory, 0o700, by, "")
	p.stage(file, change{kind: kindFile, content: text, perm: 0o600, owner: by, enforce: true, meant: meantMore}, describeKeys(added))
	if info, err := p.edit.Stat(home); err == nil && info.Mode&0o022 != 0 {
		p.warn(report.ConcernSSHKeys, fmt.Sprintf("others can write to %s: sshd ignores the keys of %q", home, user.Name), fmt.Sprintf("run in the guest: chmod go-w %s", home))
	}
	return nil
}

func describeKeys(keys []conf.AuthorizedKey) string {
	if len(keys) == 0 {
		return "mode and owner"
	}
	var names []string
	for _, key := range keys {
		names = append(names, strings.TrimSpace(key.Type+" "+key.Fingerprint))
	}
	return "SSH keys: " + strings.Join(names, ", ")
}
