package inject

import (
	"errors"
	"regexp"
	"slices"
)

// cryptHash is "$id$rest" as in crypt(5). The old DES hashes have no such mark
// and cannot be told from a plain password.
var cryptHash = regexp.MustCompile(`^\$(1|2[abxy]?|5|6|7|y|gy|md5|sha1|3)([$,])[^:\s!*]+$`)

// fullHash matches the methods whose hashes have a fixed length when whole.
var fullHash = map[string]*regexp.Regexp{
	"1": regexp.MustCompile(`^\$1\$[^$]{0,8}\$[./0-9A-Za-z]{22}$`),
	"5": regexp.MustCompile(`^\$5\$(rounds=\d+\$)?[^$]{0,16}\$[./0-9A-Za-z]{43}$`),
	"6": regexp.MustCompile(`^\$6\$(rounds=\d+\$)?[^$]{0,16}\$[./0-9A-Za-z]{86}$`),
}

// checkHash refuses what is no password hash. Its error never holds the value.
func checkHash(hash string) error {
	if hash == "" || cryptHash.MatchString(hash) {
		return nil
	}
	return errors.New("this is no password hash, and a plain password is not taken; make a hash with: openssl passwd -6")
}

// hashMethod is the id between the first dollar signs.
func hashMethod(hash string) string {
	return cryptHash.FindStringSubmatch(hash)[1]
}

// hashWarning says why nobody will log in with this hash, or "".
func hashWarning(hash string, f family) (message, remedy string) {
	method := hashMethod(hash)
	if whole := fullHash[method]; whole != nil && !whole.MatchString(hash) {
		return "the password hash is cut off or malformed: no password will match it", "make a hash with: openssl passwd -6"
	}
	switch {
	case method == "1" || method == "md5" || method == "3":
		return "the password hash is of an old and weak method", "make a hash with: openssl passwd -6"
	case f == familyAlpine && slices.Contains([]string{"y", "gy", "7", "sha1"}, method):
		return "the C library of this guest does not know the method of the password hash: no password will match it", "make a hash with: openssl passwd -6"
	}
	return "", ""
}
