package artifact

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"regexp"
	"sync"
)

// HostID is the id of this host where nobody gave it one. It is derived from
// machine-id(5), which should not itself leave the host, and from the host's name:
// clones of a machine and containers of an image have the former in common, or
// have none. It is empty where neither is known.
func HostID() string { return hostID() }

var hostID = sync.OnceValue(func() string {
	var machine []byte
	for _, path := range []string{"/etc/machine-id", "/var/lib/dbus/machine-id"} {
		if id, err := os.ReadFile(path); err == nil && machine == nil {
			machine = machineID(id)
		}
	}
	name, _ := os.Hostname() // empty where it is not known
	return hashHostID(machine, name)
})

// machinePattern matches an id, and not the empty file or the "uninitialized" that
// images are to have in its place.
var machinePattern = regexp.MustCompile(`^[0-9a-f]{32}$`)

// machineID is the id in the file's content, or nil for none.
func machineID(content []byte) []byte {
	id := bytes.ToLower(bytes.TrimSpace(content))
	if !machinePattern.Match(id) || len(bytes.Trim(id, "0")) == 0 {
		return nil
	}
	return id
}

func hashHostID(machine []byte, name string) string {
	if len(machine) == 0 && name == "" {
		return ""
	}
	mac := hmac.New(sha256.New, machine)
	mac.Write([]byte("hyper2kvm artifact host\x00" + name))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// HostIDPattern matches the ids that a host can be given.
var HostIDPattern = regexp.MustCompile(`^[A-Za-z0-9._:/@-]{1,128}$`)

// bootID tells one boot of a kernel from others, in whatever containers its
// processes are, or is empty.
var bootID = sync.OnceValue(func() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return string(bytes.TrimSpace(id))
})

// OnHost reports whether both ids are of one host, or may be, because one of them
// is not known. here is the id that the asking host was given, or empty.
func OnHost(here, id string) bool {
	if here == "" {
		here = HostID()
	}
	return id == "" || here == "" || here == id
}
