package inject

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"regexp"
	"strings"
)

// keyType finds the type field of a line of authorized_keys (sshd(8)), which
// options may precede.
var keyType = regexp.MustCompile(`(?:^|[ \t])((?:ssh-(?:rsa|ed25519|dss)|ecdsa-sha2-nistp(?:256|384|521)|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256))(?:-cert-v01)?(?:@openssh\.com)?)[ \t]+(\S+)`)

// authorizedKey is one public key. Blob is its base64 text, which identifies
// it whatever its options and comment are.
type authorizedKey struct {
	Line, Type, Blob string
}

// parseAuthorizedKey reads one line. Its errors never hold the line.
func parseAuthorizedKey(text string) (authorizedKey, error) {
	line := strings.TrimSpace(text)
	switch {
	case strings.Contains(line, "PRIVATE KEY"):
		return authorizedKey{}, errors.New("this is a private key; give the public key, the content of the .pub file")
	case strings.ContainsAny(line, "\n\r\x00"):
		return authorizedKey{}, errors.New("the key has more than one line; give each key as an element of its own")
	case strings.HasPrefix(line, "#"):
		return authorizedKey{}, errors.New("this is a comment, not a public key")
	}
	match := keyType.FindStringSubmatch(line)
	if match == nil {
		return authorizedKey{}, errors.New("this is no public key as in a .pub file: a type such as ssh-ed25519, a blank, and the key in base64")
	}
	return authorizedKey{Line: line, Type: match[1], Blob: match[2]}, nil
}

// fingerprint is what `ssh-keygen -l` shows. ok is false for text that is no
// key of its type, which sshd would ignore.
func (k authorizedKey) fingerprint() (text string, ok bool) {
	blob, err := base64.StdEncoding.DecodeString(k.Blob)
	if err != nil {
		return "", false
	}
	name := make([]byte, 4, 4+len(k.Type))
	binary.BigEndian.PutUint32(name, uint32(len(k.Type))) //nolint:gosec // a short name
	if !bytes.HasPrefix(blob, append(name, k.Type...)) {
		return "", false
	}
	sum := sha256.Sum256(blob)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:]), true
}

// addKeys appends the keys that text does not hold yet.
func addKeys(text string, keys []authorizedKey) (result string, added []authorizedKey) {
	have := map[string]bool{}
	for line := range strings.Lines(text) {
		if key, err := parseAuthorizedKey(line); err == nil {
			have[key.Blob] = true
		}
	}
	for _, key := range keys {
		if have[key.Blob] {
			continue
		}
		have[key.Blob] = true
		if text != "" && !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		text += key.Line + "\n"
		added = append(added, key)
	}
	return text, added
}
