package source

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/contextio"
)

// newHash makes the hash of an algorithm by its name without dashes.
func newHash(algorithm string) (hash.Hash, bool) {
	switch strings.ToLower(algorithm) {
	case "md5":
		return md5.New(), true
	case "sha1":
		return sha1.New(), true
	case "sha224":
		return sha256.New224(), true
	case "sha256":
		return sha256.New(), true
	case "sha384":
		return sha512.New384(), true
	case "sha512":
		return sha512.New(), true
	case "sha3256":
		return sha3.New256(), true
	case "sha3384":
		return sha3.New384(), true
	case "sha3512":
		return sha3.New512(), true
	}
	return nil, false
}

// checkSum compares the source's file with the checksum that the user gave.
func checkSum(ctx context.Context, file section, request Request) error {
	if request.Checksum == "" {
		return nil
	}
	algorithm, want, _ := strings.Cut(request.Checksum, ":")
	h, known := newHash(algorithm)
	if !known || len(want) != hex.EncodedLen(h.Size()) {
		return refuse(fmt.Sprintf("the checksum %q of the source cannot be understood", printable(request.Checksum)),
			`write source.checksum as "sha256:" and 64 hexadecimal digits; md5, sha1 and sha512 are understood too`)
	}
	got, err := readDigest(ctx, file, h, request.Progress)
	if err != nil {
		return err
	}
	if !strings.EqualFold(got, want) {
		return refuse(fmt.Sprintf("%s has the %s checksum %s, and source.checksum says %s", file.name, strings.ToLower(algorithm), got, strings.ToLower(want)),
			"copy the file again, or correct source.checksum")
	}
	return nil
}

// readDigest reads a whole section through a hash. progress, if not nil, is told how
// far it is.
func readDigest(ctx context.Context, s section, h hash.Hash, progress func(percent float64)) (string, error) {
	n, err := io.CopyBuffer(&countingWriter{h, s.size, 0, progress}, contextio.NewReader(ctx, s.reader()), make([]byte, 1<<20))
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", s.name, err)
	}
	if n != s.size {
		return "", refuse(s.name+" became shorter while it was read", "let nothing write to it, and try again")
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// countingWriter tells how much of size was written. It hides all but Write of
// what it writes to, so that a copy goes through its own buffer.
type countingWriter struct {
	to       io.Writer
	size     int64
	written  int64
	progress func(percent float64)
}

func (w *countingWriter) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	w.written += int64(n)
	if w.progress != nil && w.size > 0 {
		w.progress(100 * float64(w.written) / float64(w.size))
	}
	return n, err
}
