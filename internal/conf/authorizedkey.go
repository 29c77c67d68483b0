package conf

import (
	"errors"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/crypto/ssh"
)

// AuthorizedKey is a line of authorized_keys (sshd(8)) with a public key.
type AuthorizedKey struct {
	Line string // without blanks around it
	Type string // such as "ssh-ed25519"
	// Fingerprint is what ssh-keygen -l shows. It is empty where the key is cut
	// off or is none of its type: sshd ignores such a line.
	Fingerprint string

	key string // the same for the same key, whatever its options and comment are
}

// incompleteKey is the type and the beginning of a key, which options may
// precede.
var incompleteKey = regexp.MustCompile(`(?:^|[ \t])((?:ssh-(?:rsa|ed25519|dss)|ecdsa-sha2-nistp(?:256|384|521)|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256))(?:-cert-v01)?(?:@openssh\.com)?)[ \t]+(AAAA\S*)`)

// ParseAuthorizedKey reads one line. Its errors never hold the line, which may
// be a private key by mistake.
func ParseAuthorizedKey(text string) (AuthorizedKey, error) {
	line := strings.TrimSpace(text)
	switch {
	case strings.Contains(line, "PRIVATE KEY"):
		return AuthorizedKey{}, errors.New("is a private key, which must never be given away: use the line of the .pub file")
	case strings.ContainsFunc(line, func(r rune) bool { return r != '\t' && unicode.IsControl(r) }):
		return AuthorizedKey{}, errors.New("is more than one line: give each key as an element of its own")
	}
	if public, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line)); err == nil {
		key := AuthorizedKey{Line: line, Type: public.Type(), key: string(public.Marshal())}
		if certificate, ok := public.(*ssh.Certificate); ok {
			public = certificate.Key
		}
		key.Fingerprint = ssh.FingerprintSHA256(public)
		return key, nil
	}
	match := incompleteKey.FindStringSubmatch(line)
	if match == nil || strings.HasPrefix(line, "#") {
		return AuthorizedKey{}, errors.New(`is not an SSH public key: use the line of a .pub file, such as "ssh-ed25519 AAAA... user@host"`)
	}
	return AuthorizedKey{Line: line, Type: match[1], key: match[2]}, nil
}

// AddAuthorizedKeys appends the keys that the text of authorized_keys does not
// hold yet.
func AddAuthorizedKeys(text string, keys []AuthorizedKey) (result string, added []AuthorizedKey) {
	have := map[string]bool{}
	for line := range strings.Lines(text) {
		if key, err := ParseAuthorizedKey(line); err == nil {
			have[key.key] = true
		}
	}
	for _, key := range keys {
		if have[key.key] {
			continue
		}
		have[key.key] = true
		if text != "" && !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		text += key.Line + "\n"
		added = append(added, key)
	}
	return text, added
}
