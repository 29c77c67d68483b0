package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
)

// shortestSecret is the length in bytes below which a text is not worth
// masking: "DHCP=no" tells nothing, and masking it would spoil every diff.
const shortestSecret = 8

// shortestKey is the same for passphrases: they are masked even where that
// spoils other words.
const shortestKey = 4

// Secrets lists the texts of the manifest that nobody may see: LUKS keys,
// passwords, and files as a whole and line by line. The longest come first, as
// a replacer needs them.
func (m *Manifest) Secrets() []string {
	var secrets []string
	add := func(secret string, shortest int) {
		if len(secret) >= shortest {
			secrets = append(secrets, secret)
		}
	}
	for _, key := range m.Source.LUKSKeys {
		add(key.Key, shortestKey)
	}
	m.eachSecret(func(secret *string) {
		add(*secret, shortestSecret)
		for line := range strings.Lines(*secret) {
			add(strings.TrimSpace(line), shortestSecret)
		}
	})
	slices.SortFunc(secrets, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(secrets)
}

// eachSecret calls do with every field that holds a secret.
func (m *Manifest) eachSecret(do func(*string)) {
	for n := range m.Source.LUKSKeys {
		do(&m.Source.LUKSKeys[n].Key)
	}
	g := m.Configuration
	if g == nil {
		return
	}
	if g.Users != nil {
		for n := range g.Users.Create {
			do(&g.Users.Create[n].Password)
		}
	}
	if g.Network != nil {
		for _, files := range [][]NetworkFile{g.Network.SystemdNetworkd, g.Network.Netplan, g.Network.NetworkManager} {
			for n := range files {
				do(&files[n].Content)
			}
		}
	}
	for n := range g.FirstBoot {
		do(&g.FirstBoot[n].Content)
	}
}

// WithoutSecrets is a copy of the manifest that everybody may read: what holds
// a secret is empty.
func (m *Manifest) WithoutSecrets() (*Manifest, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	var bare Manifest
	if err := json.Unmarshal(text, &bare); err != nil {
		return nil, err
	}
	bare.eachSecret(func(secret *string) { *secret = "" })
	return &bare, nil
}

// Digest tells manifests apart. Secrets do not count: whoever can read a digest
// could guess short ones by it.
func (m *Manifest) Digest() (string, error) {
	bare, err := m.WithoutSecrets()
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(bare)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}
