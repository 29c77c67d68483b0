package source

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// maxManifestFile is how large a .mf file may be, in bytes.
const maxManifestFile = 1 << 20

// takeUnverified is the way out where checksums cannot be compared.
const takeUnverified = "source.verify_checksums = false takes the package without comparing its files"

// digest is a checksum that a package brings along.
type digest struct {
	// algorithm is a name that newHash knows, or crc32Algorithm, sum is hexadecimal.
	algorithm, sum string
	// by is who says it: a .mf file where it is empty.
	by string
}

// crc32Algorithm is that of zip archives. It shows what is damaged, not what is forged.
const crc32Algorithm = "crc32"

// packageSums are the checksums of a package.
type packageSums struct {
	// name is that of the .mf file, from which its names count.
	name string
	// digests are by the names that the file gives; a file may have several of
	// different algorithms.
	digests map[string][]digest
	// unusable tells by name why a checksum cannot be compared. It is an error
	// only where the file is used.
	unusable map[string]string
	// others are the lines that are no checksums: what they are and where.
	others []string
}

var (
	// digestLine is how openssl dgst and BSD tools write a checksum. OpenSSL 3
	// says SHA2-256 where it said SHA256 before.
	digestLine = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9/_-]*)[ \t]*\((.+)\)[ \t]*=[ \t]*(\S*)$`)
	// sumLine is how sha256sum and its like write it.
	sumLine = regexp.MustCompile(`^([0-9A-Fa-f]{32,128})[ \t]+\*?(.+)$`)
)

// algorithmsByLength tell the algorithm of a bare checksum.
var algorithmsByLength = map[int]string{32: "md5", 40: "sha1", 56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"}

// parseManifestFile reads the checksums of a package. Comments and lines of
// other kinds are passed over; a file that has nothing else, or nothing, is an error.
func parseManifestFile(data []byte) (packageSums, error) {
	sums := packageSums{digests: map[string][]digest{}, unusable: map[string]string{}}
	if len(data) > maxManifestFile {
		return sums, fmt.Errorf("%d bytes are larger than the %d that are allowed", len(data), maxManifestFile)
	}
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(decodeText(data).text))
	number := 0
	for line := range strings.SplitSeq(text, "\n") {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") || strings.HasPrefix(line, "//") {
			continue
		}
		if problem := sums.add(line, number); problem != "" {
			sums.others = append(sums.others, problem)
		}
	}
	if len(sums.digests) == 0 && len(sums.unusable) == 0 {
		if len(sums.others) == 0 {
			return sums, errors.New("it holds no checksum")
		}
		return sums, errors.New(sums.others[0])
	}
	return sums, nil
}

// add takes one line, or says what it is instead of a checksum.
func (p *packageSums) add(line string, number int) (problem string) {
	var algorithm, written, sum, of string
	if parts := digestLine.FindStringSubmatch(line); parts != nil {
		written, of, sum = parts[1], strings.TrimSpace(parts[2]), parts[3]
		algorithm = algorithmNamed(written)
	} else if parts := sumLine.FindStringSubmatch(line); parts != nil && algorithmsByLength[len(parts[1])] != "" {
		sum, of = parts[1], parts[2]
		algorithm = algorithmsByLength[len(sum)]
		written = algorithm
	} else {
		return fmt.Sprintf("line %d is no SHA1, SHA256 or SHA512 checksum of a file", number)
	}
	name, err := memberName(of)
	if err != nil {
		return fmt.Sprintf("line %d: %v", number, err)
	}
	h, known := newHash(algorithm)
	_, badSum := hex.DecodeString(sum)
	d := digest{algorithm: algorithm, sum: strings.ToLower(sum)}
	switch {
	case !known:
		return fmt.Sprintf("line %d is no checksum of a known kind: %s", number, printable(written))
	case badSum != nil && sum != "":
		p.unusable[name] = fmt.Sprintf("line %d: %s is no %s checksum", number, printable(sum), algorithm)
	case len(sum) != hex.EncodedLen(h.Size()):
		p.unusable[name] = fmt.Sprintf("line %d: a %s checksum has another length", number, algorithm)
	case slices.ContainsFunc(p.digests[name], func(other digest) bool { return other.algorithm == algorithm && other.sum != d.sum }):
		p.unusable[name] = fmt.Sprintf("line %d: a second checksum of %s", number, printable(name))
	default:
		p.digests[name] = append(p.digests[name], d)
	}
	return ""
}

// algorithmNamed turns the names that tools print into those of newHash:
// SHA256, SHA-256, sha2-256 and SHA2_256 are one.
func algorithmNamed(written string) string {
	name := strings.NewReplacer("-", "", "_", "", "/", "").Replace(strings.ToLower(written))
	if length, ok := strings.CutPrefix(name, "sha2"); ok && slices.Contains([]string{"224", "256", "384", "512"}, length) {
		return "sha" + length
	}
	if name == "sha" {
		return "sha1"
	}
	return name
}

// of finds the best checksum of a file of the package by its name there. What
// is listed and cannot be compared is an error.
func (p *packageSums) of(name string) (d digest, listed bool, err error) {
	for _, form := range p.namesOf(name) {
		if problem, broken := p.unusable[form]; broken {
			return digest{}, true, refuse(fmt.Sprintf("%s cannot be used for %s: %s", printable(p.name), printable(name), problem),
				"correct that line, or export the package again; "+takeUnverified)
		}
		if found := p.digests[form]; len(found) > 0 {
			return slices.MaxFunc(found, func(a, b digest) int { return len(a.sum) - len(b.sum) }), true, nil
		}
	}
	return digest{}, false, nil
}

// namesOf are the ways to write a name of the package: from where the
// checksums lie, from the top, as in a URL, and with composed letters.
func (p *packageSums) namesOf(name string) []string {
	names := []string{name}
	if inside, ok := strings.CutPrefix(name, path.Dir(p.name)+"/"); ok {
		names = []string{inside, name}
	}
	for _, plain := range slices.Clone(names) {
		names = append(names, (&url.URL{Path: plain}).EscapedPath(), norm.NFC.String(plain))
	}
	return names
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
func verifyDigest(ctx context.Context, s section, want digest) error {
	h, known := newHash(want.algorithm)
	if want.algorithm == crc32Algorithm {
		h, known = crc32.NewIEEE(), true
	}
	if !known {
		return errors.New("unknown checksum algorithm " + want.algorithm)
	}
	got, err := readDigest(ctx, s, h, nil)
	if err != nil {
		return err
	}
	if got != want.sum {
		return refuse(fmt.Sprintf("%s has the %s checksum %s, and %s says %s", s.name, want.algorithm, got, cmp.Or(want.by, "the package's manifest"), want.sum),
			"it is not the file that was packed: copy or export the package again; if it was changed on purpose, "+
				"source.verify_checksums = false takes it as it is")
	}
	return nil
}
