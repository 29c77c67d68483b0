//go:build linux

package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// agent is the root of a host as those are that run jobs of others: it has the
// packages that the README names and nothing else.
type agent struct{ root string }

// newAgent makes one with the program that users get, and in /work, which is the
// user's own, what it migrates.
func newAgent(t *testing.T) agent {
	t.Helper()
	requireFullMatrix(t)
	tar, err := testguest.HostRoot(t.Context(), testguest.Bookworm, agentPackages(t))
	if err != nil {
		t.Fatal(err)
	}
	a := agent{filepath.Join(t.TempDir(), "root")}
	if err := os.Mkdir(a.root, 0o755); err != nil {
		t.Fatal(err)
	}
	a.prepare(t, "tar", "-xf", tar, "-C", a.root)
	if err := os.Chmod(a.root, 0o755); err != nil {
		t.Fatal(err)
	}
	a.prepare(t, "../tools/build-program", filepath.Join(a.root, "usr/local/bin/hyper2kvm"))
	for _, directory := range []string{"work/out", "work/cache", "empty", "small", "saved"} {
		if err := os.MkdirAll(filepath.Join(a.root, directory), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

// requireFullMatrix skips a test of whole hosts where that was not asked for, or cannot
// be.
func requireFullMatrix(t *testing.T) {
	t.Helper()
	if os.Getenv("TF_ACC") == "" || os.Getenv("HYPER2KVM_TEST_FULL") == "" {
		t.Skip("part of the full matrix: set TF_ACC=1 and HYPER2KVM_TEST_FULL=1 or run make testacc-full")
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root, to make the root of a host and to change into it")
	}
}

// agentPackages are those that the GNUmakefile installs for a migration. All of
// them are in the README's list.
func agentPackages(t *testing.T) []string {
	t.Helper()
	makefile, err := os.ReadFile("../../GNUmakefile")
	readme, readmeErr := os.ReadFile("../../README.md")
	if err := errors.Join(err, readmeErr); err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^RUN_PACKAGES\s*:=\s*(.+)$`).FindSubmatch(makefile)
	if found == nil {
		t.Fatal("the GNUmakefile has no RUN_PACKAGES")
	}
	packages := append(strings.Fields(string(found[1])), "linux-image-cloud-amd64")
	for _, name := range packages {
		if !bytes.Contains(readme, []byte("`"+name+"`")) {
			t.Errorf("the README does not name the package %s", name)
		}
	}
	return packages
}

func (a agent) prepare(t *testing.T, words ...string) {
	t.Helper()
	if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(words, " "), err, out)
	}
}

// run runs the program as a user of the agent: the user 1000 with no group, home,
// /dev/kvm or right for others in its umask. The setup is a shell script of root's
// that mounts things below $R, which are gone after the run.
func (a agent) run(t *testing.T, setup string, environment []string, stdin string, args ...string) (string, error) {
	t.Helper()
	const script = `set -e
R=$1; shift
mount -t proc proc "$R/proc"
eval "$1"; shift
exec chroot --userspec=1000:1000 --groups= "$R" /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin "$@"`
	words := append([]string{"--mount", "--pid", "--fork", "--kill-child", "--propagation", "private", "sh", "-c", script, "sh", a.root, setup}, environment...)
	words = append(words, "sh", "-c", `umask 077; exec hyper2kvm "$@"`, "sh")
	cmd := exec.CommandContext(t.Context(), "unshare", append(words, args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return strings.Join(strings.Fields(string(out)), " "), err
}

const (
	noKernel       = `mount --bind "$R/empty" "$R/boot"; `
	guardedKernel  = `mount --bind "$R/boot" "$R/saved"; mount -t tmpfs tmpfs "$R/boot"; install -m 0600 "$R"/saved/vmlinuz-* "$R/boot"; `
	smallDirectory = `mount -t tmpfs -o size=4m,mode=1777 tmpfs "$R/small"; `
	readOnlyRoot   = `mount --bind "$R" "$R/mnt"; mount -o remount,ro,bind "$R/mnt"; `
)

// agentCases are agents on which no appliance can be built, and what each is told:
// what is missing, and what to do.
var agentCases = map[string]struct {
	setup       string
	environment []string
	want        []string
	unwanted    string
}{
	"no kernel":                  {setup: noKernel, want: []string{"the appliance needs a kernel, and there is none in /boot", "linux-image-cloud-amd64"}},
	"a kernel of mode 0600":      {setup: guardedKernel, want: []string{"this user may not read /boot/vmlinuz-", "(permission denied)", "as root: chmod 0644 /boot/vmlinuz-"}},
	"a small TMPDIR":             {setup: smallDirectory, environment: []string{"TMPDIR=/small"}, want: []string{"the appliance is built and kept in /small (TMPDIR), where that takes at least", "4 MiB are free", "let TMPDIR name a directory that this user may write, with 400 MiB free"}},
	"a small cache":              {setup: smallDirectory, environment: []string{"LIBGUESTFS_CACHEDIR=/small"}, want: []string{"the appliance is kept in /small (LIBGUESTFS_CACHEDIR), where", "let LIBGUESTFS_CACHEDIR name a directory that"}, unwanted: "TMPDIR"},
	"a small TMPDIR to work in":  {setup: smallDirectory, environment: []string{"LIBGUESTFS_CACHEDIR=/work/cache", "TMPDIR=/small"}, want: []string{"supermin, which builds the appliance, works in /small (TMPDIR), where that takes at least 7 MiB and 4 MiB are free", "let TMPDIR name"}, unwanted: "LIBGUESTFS_CACHEDIR"},
	"a small /var/tmp":           {setup: `mount -t tmpfs -o size=4m,mode=1777 tmpfs "$R/var/tmp"; `, want: []string{"the appliance is built and kept in /var/tmp, where that takes at least", "let TMPDIR name"}},
	"a TMPDIR of root's":         {environment: []string{"TMPDIR=/empty"}, want: []string{"the appliance is built and kept in /empty (TMPDIR), where this user may not write", "let TMPDIR name"}},
	"a TMPDIR that is not there": {environment: []string{"TMPDIR=/absent"}, want: []string{"the environment variable TMPDIR names /absent, which cannot be used (no such file or directory)", "or unset it"}, unwanted: "libguestfs: error"},
	"read-only directories": {setup: readOnlyRoot, environment: []string{"LIBGUESTFS_CACHEDIR=/mnt/work/cache", "TMPDIR=/mnt/var/tmp"},
		want: []string{"kept in /mnt/work/cache (LIBGUESTFS_CACHEDIR), which is read-only", "works in /mnt/var/tmp (TMPDIR), which is read-only"}},
	"a cache of another user": {setup: `mkdir -p "$R/small/.guestfs-1000"; mount -t tmpfs tmpfs "$R/small/.guestfs-1000"; `, environment: []string{"LIBGUESTFS_CACHEDIR=/small"}, want: []string{"where .guestfs-1000 belongs to the user 0, and 1000 runs this"}},
	"a /tmp of root's":        {setup: `mount --bind "$R/empty" "$R/tmp"; `, want: []string{"libguestfs makes its sockets in /tmp, where this user may not write", "XDG_RUNTIME_DIR"}},
	"no QEMU":                 {setup: `mount --bind /dev/null "$R/usr/bin/qemu-system-x86_64"; `, want: []string{"the appliance's QEMU cannot be run", "qemu-system-x86"}},
	"no supermin":             {setup: `mount --bind /dev/null "$R/usr/bin/supermin"; `, want: []string{"supermin, which builds the appliance, is not installed"}},
	"all of it": {setup: noKernel + smallDirectory + `mount --bind "$R/empty" "$R/tmp"; mount --bind /dev/null "$R/usr/bin/qemu-system-x86_64"; mount --bind /dev/null "$R/usr/bin/qemu-img"; `, environment: []string{"TMPDIR=/small", "LIBGUESTFS_CACHEDIR=/empty"},
		want: []string{"qemu-img", "QEMU cannot be run", "a kernel, and there is none", "kept in /empty (LIBGUESTFS_CACHEDIR)", "works in /small (TMPDIR)", "sockets in /tmp", "qemu-utils", "linux-image-cloud-amd64", "let LIBGUESTFS_CACHEDIR", "let TMPDIR", "XDG_RUNTIME_DIR"}},
}

// TestAccAgent runs the program on an agent that lacks things, and then migrates a
// guest on one that lacks none.
func TestAccAgent(t *testing.T) {
	a := newAgent(t)
	disk := filepath.Join(a.root, "work", "disk.raw")
	if err := os.WriteFile(disk, make([]byte, 1<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	write := func(name, source, path, pipeline string) string {
		text := fmt.Sprintf(`{"version": "1.0", "source": {"type": %q, "path": %q}, "output": {"directory": "/work/out"}, "pipeline": {%s}}`, source, path, pipeline)
		if err := os.WriteFile(filepath.Join(a.root, "work", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		a.prepare(t, "chown", "-R", "1000:1000", filepath.Join(a.root, "work"))
		return text
	}
	small, err := manifest.Decode(strings.NewReader(write("small.json", "raw", "/work/disk.raw", `"inspect": {}, "fix": {}`)))
	if err != nil {
		t.Fatal(err)
	}
	question, err := json.Marshal(manifest.Question{Manifest: small})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range agentCases {
		t.Run(name, func(t *testing.T) {
			out, err := a.run(t, test.setup, test.environment, "", "--manifest", "/work/small.json")
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 1 {
				t.Errorf("it ended with %v", err)
			}
			t.Log(out)
			answer, err := a.run(t, test.setup, test.environment, string(question), "--preflight")
			var foreseen report.Foreseen
			if decodeErr := json.Unmarshal([]byte(answer), &foreseen); err != nil || decodeErr != nil {
				t.Fatalf("the preflight ended with %v and said %s", err, answer)
			}
			planned := ""
			for _, problem := range foreseen.Problems {
				planned += problem.Message + "; " + problem.Remedy + "\n"
			}
			for where, said := range map[string]string{"run": out, "plan": planned} {
				for _, want := range test.want {
					if !strings.Contains(said, want) {
						t.Errorf("%s: %q is not in %s", where, want, said)
					}
				}
				if test.unwanted != "" && strings.Contains(said, test.unwanted) {
					t.Errorf("%s: %q is in %s", where, test.unwanted, said)
				}
			}
		})
	}

	t.Run("migration", func(t *testing.T) {
		guest := flagship(t)
		a.prepare(t, "cp", "--sparse=always", guest, filepath.Join(a.root, "work", "web.vmdk"))
		write("whole.json", "vmdk", "/work/web.vmdk", `"inspect": {}, "fix": {}, "convert": {}, "validate": {}`)
		// An initramfs of a guest does not fit into that TMPDIR.
		setup := `mount -t tmpfs -o size=12m,mode=1777 tmpfs "$R/small"; `
		out, err := a.run(t, setup, []string{"TMPDIR=/small", "LIBGUESTFS_CACHEDIR=/work/cache"}, "", "--manifest", "/work/whole.json")
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		t.Log(out)
		image := filepath.Join(a.root, "work", "out", "web.qcow2")
		result, err := testguest.Boot(t.Context(), testguest.BootOptions{Disks: []testguest.BootDisk{{Path: image, Format: "qcow2"}}})
		if err != nil {
			t.Fatal(err)
		}
		if result.State != testguest.StateLogin {
			t.Fatalf("the migrated guest reached %q: %s", result.State, result.Reason)
		}
	})
}
