package edit

import (
	"regexp"
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// secretPaths are files of which nothing is shown.
var secretPaths = regexp.MustCompile(`^/etc/(g?shadow|sudoers|ssh/ssh_host|NetworkManager/system-connections/|wpa_supplicant|ppp/|ipsec|krb5|pki/|ssl/private/|cryptsetup|luks)|\.(key|pem|psk)$`)

// secretValues find what follows the name of a secret: `password=x` of a CIFS
// mount, GRUB's `password_pbkdf2 user hash`, and, where a sign stands between
// them, the keys of netplan, networkd and ifcfg files.
var secretValues = []*regexp.Regexp{
	regexp.MustCompile(`(?i)((?:pass(?:word|wd|phrase)?|psk|secret|token|credential|pin-value|private[-_]?key|shared[-_]?key)[a-z0-9_-]*["']?(?:[ \t]*[=:][ \t]*|[ \t]+))([^\s,][^\r\n,]*)`),
	regexp.MustCompile(`(?im)((?:^|[^.\w])(?:wep[-_]?)?(?:key[0-9]?|private|shared)["']?[ \t]*[=:][ \t]*)([^\s,][^\r\n,]*)`),
}

const hidden = "<hidden>"

// HideSecrets replaces the values of secrets in a configuration file's text.
func HideSecrets(text string) string {
	for _, value := range secretValues {
		text = value.ReplaceAllString(text, "${1}"+hidden)
	}
	return text
}

// Diff shows the change of one text file, secrets hidden. It is empty for files
// that hold little else, and for what is no text.
func Diff(path, before, after string) string {
	if secretPaths.MatchString(path) || strings.ContainsRune(before, 0) || strings.ContainsRune(after, 0) {
		return ""
	}
	return Unified(path, HideSecrets(before), HideSecrets(after))
}

// Unified is a unified diff that hides nothing.
func Unified(path, before, after string) string {
	from := "a" + path
	if before == "" {
		from = "/dev/null"
	}
	return udiff.Unified(from, "b"+path, before, after)
}
