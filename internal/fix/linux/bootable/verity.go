package bootable

import (
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// verityHashes are the parameters that give the checksum over all blocks of a file
// system, by where it is mounted: dm-verity reads no other block from it.
var verityHashes = map[string]string{
	"roothash": "/", "rd.verityroot.roothash": "/", "usrhash": "/usr", "verity.usrhash": "/usr", "mount.usrhash": "/usr",
}

// veritySwitches turn that off.
var veritySwitches = []string{"systemd.verity", "rd.systemd.verity"}

// isVerified reports whether that is why an entry does not start.
func (j judge) isVerified(e judged) bool {
	_, why := j.verified(e.Entry)
	return why != "" && e.why == why
}

// verified says what becomes of an entry that has a file system checked which is mounted
// here: to be mounted for writing is to be changed.
func (j judge) verified(e menu.Entry) (outcome, string) {
	if j.untouched {
		return starts, ""
	}
	for _, name := range veritySwitches {
		if value, ok := e.Parameter(name); ok && slices.Contains([]string{"0", "no", "n", "false", "f", "off"}, strings.ToLower(value)) {
			return starts, ""
		}
	}
	for _, p := range e.Parameters {
		key, hash, _ := strings.Cut(p, "=")
		at, checked := verityHashes[key]
		if checked && hash != "" && slices.ContainsFunc(j.edit.Mounts(), func(m guest.Mount) bool { return m.Path == at }) {
			return dead, p + " is the checksum of the file system at " + at + ", which is another one since that was mounted to be changed"
		}
	}
	return starts, ""
}
