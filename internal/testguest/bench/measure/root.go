package measure

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// rootPackages are what virt-v2v needs in a root of its own: its appliance is built of
// the programs and the kernel that are there.
var rootPackages = []string{"virt-v2v", "libguestfs0", "libguestfs-xfs", "qemu-system-x86", "qemu-utils", "nbdkit", "libnbd-bin", "linux-image-cloud-amd64", "supermin"}

// makeRoot unpacks the root of a host with the suite's virt-v2v beside the room.
func (b *Bench) makeRoot(ctx context.Context) (string, error) {
	root := b.Room + "-root"
	if err := errors.Join(os.RemoveAll(root), os.Mkdir(root, 0o755)); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, b.Testguest, append([]string{"host-root", b.VirtV2VSuite}, rootPackages...)...)
	cmd.Stderr = os.Stderr
	archive, err := cmd.Output()
	if err != nil {
		return "", errors.Join(fmt.Errorf("making a root with Debian %s: %w", b.VirtV2VSuite, err), os.RemoveAll(root))
	}
	// Nobody but root makes device files, and the host's are mounted over them.
	unpack := exec.CommandContext(ctx, "tar", "--extract", "--directory="+root, "--exclude=./dev/*", "--file="+strings.TrimSpace(string(archive)))
	if output, err := unpack.CombinedOutput(); err != nil {
		return "", errors.Join(fmt.Errorf("unpacking the root: %w: %s", err, output), os.RemoveAll(root))
	}
	return root, nil
}

// enterRoot mounts the host's devices and processes, and the directories given, at their
// own paths, where nobody else sees it, and runs the rest in the root.
const enterRoot = `set -e
R=$1; shift
mount -t proc proc "$R/proc"
mount --rbind /dev "$R/dev"
while [ "$1" != -- ]; do
  mkdir -p "$R$1"
  mount --bind "$1" "$R$1"
  shift
done
shift
exec chroot "$R" "$@"`

// inRoot is virt-v2v with arguments, in its root where it has one, with these
// directories of the host.
func (b *Bench) inRoot(directories []string, args ...string) []string {
	command := append([]string{"virt-v2v"}, args...)
	if b.root == "" {
		return command
	}
	words := append([]string{"unshare", "--mount", "--propagation", "private", "sh", "-c", enterRoot, "sh", b.root}, directories...)
	return append(append(words, "--"), command...)
}

// directoriesOf are those that hold files.
func directoriesOf(paths ...string) []string {
	var directories []string
	for _, path := range paths {
		directories = append(directories, filepath.Dir(path))
	}
	return directories
}
