package measure

import (
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
)

// programs are asked for their versions.
var programs = []struct {
	name string
	args []string
}{
	{"QEMU", []string{"qemu-system-x86_64", "--version"}},
	{"qemu-img", []string{"qemu-img", "--version"}},
	{"libguestfs", []string{"guestfish", "--version"}},
	{"virt-v2v", []string{"virt-v2v", "--version"}},
	{"nbdkit", []string{"nbdkit", "--version"}},
}

// lookAtMachine describes the machine. It tries a migration once, which also
// makes libguestfs build its appliance before anything is measured.
func (b *Bench) lookAtMachine(ctx context.Context) (results.Machine, error) {
	m := results.Machine{Cores: runtime.NumCPU(), Versions: map[string]string{}}
	m.CPU = field("/proc/cpuinfo", "model name")
	kib, _ := strconv.ParseInt(strings.TrimSuffix(field("/proc/meminfo", "MemTotal"), " kB"), 10, 64)
	m.MemoryBytes = kib << 10
	m.System = strings.Trim(assignment("/etc/os-release", "PRETTY_NAME"), `"`)
	kernel, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return m, err
	}
	m.Kernel = strings.TrimSpace(string(kernel))
	for _, p := range programs {
		args := p.args
		if args[0] == "virt-v2v" {
			args = b.inRoot(nil, args[1:]...)
		}
		output, err := exec.CommandContext(ctx, args[0], args[1:]...).Output()
		if err != nil {
			return m, fmt.Errorf("asking %s for its version: %w", p.args[0], err)
		}
		m.Versions[p.name] = version(string(output))
	}
	if b.root != "" {
		m.Versions["virt-v2v"] += " of Debian " + b.VirtV2VSuite
	}
	if err := b.lookAtEngine(&m); err != nil {
		return m, err
	}
	m.Acceleration, err = b.acceleration(ctx)
	return m, err
}

func (b *Bench) lookAtEngine(m *results.Machine) error {
	path, err := filepath.EvalSymlinks(b.Engine)
	if err != nil {
		return fmt.Errorf("%w; make build makes it", err)
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	hash := sha256.New()
	_, err = io.Copy(hash, file)
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	m.EngineDigest = hex.EncodeToString(hash.Sum(nil))
	built, err := buildinfo.ReadFile(path)
	if err != nil {
		return err
	}
	m.Versions["Go"] = strings.TrimPrefix(built.GoVersion, "go")
	m.Commit = b.Commit
	return nil
}

// acceleration is what the engine finds that the appliance can run on.
func (b *Bench) acceleration(ctx context.Context) (accelerator string, err error) {
	guest, err := b.guest(ctx, flagship)
	if err != nil {
		return "", err
	}
	err = b.fresh(func(directory string) error {
		// An inspection alone starts no appliance.
		m := migration{sourceType: "vmdk", source: guest, pipeline: object{"inspect": object{}, "fix": object{}}, directory: directory, dryRun: true}
		if _, err := b.migrate(ctx, m); err != nil {
			return err
		}
		r, err := readReport(filepath.Join(directory, "report.json"))
		if err != nil {
			return err
		}
		accelerator, err = reportedAccelerator(r)
		return err
	})
	return accelerator, err
}

// field reads "name : value" of a file in /proc.
func field(path, name string) string { return valueOf(path, name, ":") }

// assignment reads name=value.
func assignment(path, name string) string { return valueOf(path, name, "=") }

func valueOf(path, name, separator string) string {
	data, _ := os.ReadFile(path)
	for line := range strings.Lines(string(data)) {
		key, value, found := strings.Cut(line, separator)
		if found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

var versionNumber = regexp.MustCompile(`[0-9]+(\.[0-9]+)+`)

// version is the first version number of what a program says.
func version(output string) string { return versionNumber.FindString(output) }
