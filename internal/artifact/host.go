package artifact

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"sync"
)

// HostID tells this host from others. It is derived from machine-id(5), which
// should not itself leave the host, and is empty where there is none.
func HostID() string { return hostID() }

var hostID = sync.OnceValue(func() string {
	for _, path := range []string{"/etc/machine-id", "/var/lib/dbus/machine-id"} {
		if id, err := os.ReadFile(path); err == nil {
			if id = bytes.TrimSpace(id); len(id) > 0 {
				return hashHostID(id)
			}
		}
	}
	if name, err := os.Hostname(); err == nil {
		return hashHostID([]byte(name))
	}
	return ""
})

func hashHostID(id []byte) string {
	mac := hmac.New(sha256.New, id)
	mac.Write([]byte("hyper2kvm artifact host"))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// OnThisHost reports whether id is this host's, or may be, because one of them is
// not known.
func OnThisHost(id string) bool { return !otherHost(id) }

// otherHost reports that both ids are known and differ.
func otherHost(id string) bool { return id != "" && HostID() != "" && id != HostID() }
