package source

import (
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
)

// maxManifestFile is how large a .mf file may be, in bytes.
const maxManifestFile = 1 << 20

// digest is one line of a package's .mf file.
type digest struct {
	// algorithm is "sha1", "sha256" or "sha512"; sum is hexadecimal.
	algorithm, sum string
}

var digestLine = regexp.MustCompile(`^(?i:(SHA-?1|SHA-?256|SHA-?512))[ \t]*\((.+)\)[ \t]*=[ \t]*([0-9A-Fa-f]+)$`)

// parseManifestFile reads the checksums of a package by the names of its files.
func parseManifestFile(data []byte) (map[string]digest, error) {
	if len(data) > maxManifestFile {
		return nil, fmt.Errorf("%d bytes are larger than the %d that are allowed", len(data), maxManifestFile)
	}
	digests := map[string]digest{}
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(string(data), "\ufeff")) {
		number++
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		parts := digestLine.FindStringSubmatch(line)
		if parts == nil {
			return nil, fmt.Errorf("line %d is no SHA1, SHA256 or SHA512 checksum of a file", number)
		}
		d := digest{algorithm: strings.ToLower(strings.ReplaceAll(parts[1], "-", "")), sum: strings.ToLower(parts[3])}
		h, known := newHash(d.algorithm)
		if !known || len(d.sum) != hex.EncodedLen(h.Size()) {
			return nil, fmt.Errorf("line %d: a %s checksum has another length", number, d.algorithm)
		}
		name, err := memberName(parts[2])
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if before, twice := digests[name]; twice && before != d {
			return nil, fmt.Errorf("line %d: a second checksum of %s", number, printable(name))
		}
		digests[name] = d
	}
	return digests, nil
}

// memberName is a name inside a package in its one form.
func memberName(name string) (string, error) {
	if name == "" || strings.ContainsFunc(name, isControl) || strings.HasPrefix(name, "/") || strings.Contains(name, `\`) {
		return "", fmt.Errorf("%q is no name inside a package", printable(name))
	}
	clean := path.Clean(name)
	if clean == "." || clean == ".." || strings.HasPrefix(clean, "../") {
		return "", fmt.Errorf("%q leads out of the package", printable(name))
	}
	return clean, nil
}

// verifyDigest compares a file of a package with its checksum.
func (o *opening) verifyDigest(s span, want digest) error {
	h, known := newHash(want.algorithm)
	if !known {
		return errors.New("unknown checksum algorithm " + want.algorithm)
	}
	got, err := o.digest(s, h, nil)
	if err != nil {
		return err
	}
	if got != want.sum {
		return refuse(fmt.Sprintf("%s has the %s checksum %s, and the package's manifest says %s", s.name, want.algorithm, got, want.sum),
			"the package is damaged: copy or export it again; source.verify_checksums = false takes it as it is")
	}
	return nil
}
