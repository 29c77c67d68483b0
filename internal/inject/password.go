package inject

import (
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/distro"
)

// fullHash matches the methods of crypt(5) whose hashes have a fixed length
// when whole.
var fullHash = map[string]*regexp.Regexp{
	"1": regexp.MustCompile(`^\$1\$[^$]{0,8}\$[./0-9A-Za-z]{22}$`),
	"5": regexp.MustCompile(`^\$5\$(rounds=\d+\$)?[^$]{0,16}\$[./0-9A-Za-z]{43}$`),
	"6": regexp.MustCompile(`^\$6\$(rounds=\d+\$)?[^$]{0,16}\$[./0-9A-Za-z]{86}$`),
}

// hashMethod is the id between the first dollar signs, or "" where there are
// none, as in "!" and "*", the marks of accounts without a password.
func hashMethod(hash string) string {
	_, rest, _ := strings.Cut(hash, "$")
	if end := strings.IndexAny(rest, "$,"); end >= 0 {
		return rest[:end]
	}
	return ""
}

// hashWarning says why nobody will log in with this hash, or "".
func hashWarning(hash string, f distro.Family) (message, remedy string) {
	method := hashMethod(hash)
	if whole := fullHash[method]; whole != nil && !whole.MatchString(strings.TrimLeft(hash, "!*")) {
		return "the password hash is cut off or malformed: no password will match it", "make a hash with: openssl passwd -6"
	}
	switch {
	case method == "1" || method == "md5" || method == "3":
		return "the password hash is of an old and weak method", "make a hash with: openssl passwd -6"
	case f == distro.Alpine && slices.Contains([]string{"y", "gy", "7", "sha1"}, method):
		return "the C library of this guest does not know the method of the password hash: no password will match it", "make a hash with: openssl passwd -6"
	}
	return "", ""
}
