package provider

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// lockedConversion is a conversion that is given a key and has no use for it.
const lockedConversion = `
terraform {
  required_providers {
    hyper2kvm = { source = "hyper2kvm/hyper2kvm" }
  }
}
provider "hyper2kvm" {
  work_directory = %[4]q
  lock_directory = %[5]q
}
variable "passphrase" {
  type      = string
  ephemeral = true
}
resource "hyper2kvm_migration" "test" {
  metadata = { owner = %[3]q }
  source   = { type = "vmdk", path = %[1]q, luks_keys = [{ key = var.passphrase }] }
  output   = { directory = %[2]q, filename = "web.qcow2" }
  pipeline = { convert = {}, validate = {} }
}
`

// TestAccRandomKills kills a part of an apply at 50 random points of time and
// counts what stays: processes, files, sockets, and secrets in any place that is
// not for them. The seed is in the log.
func TestAccRandomKills(t *testing.T) {
	requireTerraform(t)
	if os.Getenv("HYPER2KVM_TEST_FULL") == "" {
		t.Skip("part of the full matrix: set HYPER2KVM_TEST_FULL=1 or run make testacc-full")
	}
	fake, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	executable := buildProvider(t)
	seed := uint64(time.Now().UnixNano())
	for name, test := range map[string]struct {
		rounds                int
		executable, config    string
		source, owner         string
		importedIsWhatWasMade bool // no secrets are missing in what is imported
	}{
		"conversion": {
			rounds: 20, executable: executable, config: lockedConversion, source: emptyVMDK(t), owner: "ops",
			importedIsWhatWasMade: true,
		},
		"configuration": {rounds: 20, executable: fake, config: secretConfiguration, source: sourceFile(t), owner: fakeEchoes},
		"guest":         {rounds: 10, executable: executable, config: secretConfiguration, source: flagship(t), owner: "ops"},
	} {
		t.Run(name, func(t *testing.T) {
			k := &kills{
				t: t, random: rand.New(rand.NewPCG(seed, 1)), mark: "HOME=" + t.TempDir(), importable: test.importedIsWhatWasMade,
				directory: filepath.Join(t.TempDir(), "images"), work: t.TempDir(), temporary: shortTempDir(t),
				log: filepath.Join(t.TempDir(), "trace.log"),
			}
			killAtTheEnd(t, k.mark)
			k.cli = newCLI(t, test.executable, map[string]string{
				"main.tf":             fmt.Sprintf(test.config, test.source, k.directory, test.owner, k.work, t.TempDir()),
				"secrets.auto.tfvars": secretVariables,
			}, k.mark, "TMPDIR="+k.temporary, "XDG_CACHE_HOME="+t.TempDir(), "LIBGUESTFS_CACHEDIR=/var/tmp", "TF_LOG=TRACE", "TF_LOG_PATH="+k.log)

			watch := watchProcesses(t, k.work, k.temporary)
			started := time.Now()
			k.cli.run("apply", "-auto-approve", "-no-color")
			k.whole = time.Since(started)
			k.cli.run("destroy", "-auto-approve", "-no-color")
			for round := range test.rounds {
				k.round(round)
			}
			watch.end()
			for place, secret := range watch.seen {
				k.secrets++
				t.Errorf("%s was seen in %s", secret, place)
			}
			t.Logf("seed %d: of %d applies of about %s, %d ended before they were hit; %d files and %d secrets leaked, and no process, "+
				"in %d looks at all processes, %d files and %d MiB of log; %d complete images were not in state and were imported",
				seed, test.rounds, k.whole.Round(10*time.Millisecond), k.completed, k.files, k.secrets, watch.rounds, k.searched, k.logged>>20, k.orphans)
		})
	}
}

// kills are the rounds of one configuration.
type kills struct {
	t          *testing.T
	random     *rand.Rand
	cli        *cli
	mark       string
	importable bool
	whole      time.Duration // that an apply takes

	directory, work, temporary, log string

	completed, orphans, files, secrets, searched int
	logged                                       int64
}

// round kills one apply, looks for what it left, and applies and destroys.
func (k *kills) round(n int) {
	k.t.Helper()
	cmd := exec.Command("terraform", "apply", "-auto-approve", "-no-color", "-lock=false")
	cmd.Dir, cmd.Env = k.cli.directory, k.cli.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	after := time.Duration(k.random.Int64N(int64(k.whole)))
	timer := time.NewTimer(after)
	<-timer.C
	victim := []string{"terraform", "provider", "worker", "interrupt"}[k.random.IntN(4)]
	switch {
	case victim == "interrupt":
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
	case victim == "worker" && killMarked(k.t, k.mark, true):
	case victim == "provider" && killMarked(k.t, k.mark, false):
	default: // or there is no other yet
		victim = "terraform"
		_ = syscall.Kill(cmd.Process.Pid, syscall.SIGKILL)
	}
	if cmd.Wait() == nil {
		k.completed++
	}
	where := fmt.Sprintf("round %d, %s after %s", n, victim, after.Round(time.Millisecond))
	awaitNone(k.t, 30*time.Second, k.mark, where)
	k.search(where, out.String())

	// The next apply succeeds, or finds a complete image that no state knows.
	if out, err := k.cli.try("apply", "-auto-approve", "-no-color", "-lock=false"); err != nil {
		if !strings.Contains(out, "Output file exists") {
			k.t.Fatalf("%s: the next apply fails:\n%s", where, out)
		}
		k.orphans++
		k.cli.run("import", "-no-color", "-lock=false", "hyper2kvm_migration.test", filepath.Join(k.directory, "web.qcow2"))
		if k.importable {
			k.cli.run("plan", "-no-color", "-lock=false", "-detailed-exitcode")
		}
	}
	k.cli.run("destroy", "-auto-approve", "-no-color", "-lock=false")
	for _, place := range []string{k.directory, k.work, k.temporary} {
		if left := listing(k.t, place); len(left) != 0 {
			k.files += len(left)
			k.t.Errorf("%s: %q are left in %s", where, left, place)
		}
	}
	k.search(where+" and after the next apply", "")
}

// search looks for secrets in what Terraform printed, in its log, and in every
// file but those that are for them: what the user wrote, and a published image.
func (k *kills) search(where, printed string) {
	k.t.Helper()
	count := func(place string, text []byte, secrets []string) {
		for _, secret := range secrets {
			if bytes.Contains(text, []byte(secret)) {
				k.secrets++
				k.t.Errorf("%s: %s shows %s", where, place, secret)
			}
		}
	}
	count("the output", []byte(printed), canaries)
	for _, root := range []string{k.directory, k.work, k.temporary, k.cli.directory, filepath.Dir(k.log)} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return nil //nolint:nilerr // an output directory that was never made
			}
			secrets := canaries
			switch name := entry.Name(); {
			case path == filepath.Join(k.directory, "web.qcow2"), name == "main.tf", name == "secrets.auto.tfvars":
				return nil
			case strings.HasPrefix(name, "terraform.tfstate"):
				secrets = writeOnlyCanaries
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return fmt.Errorf("reading what was left: %w", err)
			}
			k.searched++
			if path == k.log {
				k.logged += int64(len(text))
			}
			count(path, text, secrets)
			return nil
		})
		if err != nil {
			k.t.Error(err)
		}
	}
	_ = os.Remove(k.log) // each is read once
}

// emptyVMDK is a disk that can be converted.
func emptyVMDK(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk.vmdk")
	if out, err := exec.CommandContext(t.Context(), "qemu-img", "create", "-q", "-f", "vmdk", path, "4M").CombinedOutput(); err != nil {
		t.Fatalf("making a disk: %v\n%s", err, out)
	}
	return path
}
