package testguest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// HostRoot returns a tarball of the root of a host with that release of Debian, on
// which the packages are installed, with what they depend on and nothing else. It is
// made if it is not in the cache. The file is shared: never write to it.
func HostRoot(ctx context.Context, suite Suite, packages []string) (string, error) {
	dir, err := cachePath()
	if err != nil {
		return "", err
	}
	list := strings.Join(packages, ",")
	name := fmt.Sprintf("host-%s-%x", suite, sha256.Sum256([]byte(list)))[:len("host-")+len(suite)+1+16]
	folder, err := cached(ctx, dir, name, func(temporary string) error {
		return mmdebstrap(ctx, io.Discard, "--variant=minbase", "--include="+list,
			string(suite), filepath.Join(temporary, bootstrapTarName), mirror)
	})
	if err != nil {
		return "", fmt.Errorf("making the root of a host with %s: %w", list, err)
	}
	return filepath.Join(folder, bootstrapTarName), nil
}
