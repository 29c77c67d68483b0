//go:build cgo

package appliance

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// aHost is one on which a stand-in for QEMU is asked about KVM and notes that.
type aHost struct {
	t                                                  *testing.T
	qemu, kernel, device, bootID, base, asked, cpuinfo string
}

// newHost has a stand-in that does what answer says.
func newHost(t *testing.T, answer string) *aHost {
	t.Helper()
	directory := t.TempDir()
	h := &aHost{
		t: t, kernel: aFile(t), device: aFile(t), bootID: filepath.Join(directory, "boot_id"), cpuinfo: filepath.Join(directory, "cpuinfo"),
		base: t.TempDir(), asked: filepath.Join(directory, "asked"),
	}
	h.qemu = script(t, "echo asked >>"+h.asked+"\n"+answer)
	h.write(h.bootID, "first")
	return h
}

func (h *aHost) write(path, text string) {
	h.t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// process is what another process of this host starts with.
func (h *aHost) process() *probes {
	return &probes{
		device: h.device, bootID: h.bootID, cpuinfo: h.cpuinfo, timeout: 900 * time.Millisecond,
		directories: func() []verdictDirectory { return []verdictDirectory{{base: h.base, name: "hyper2kvm"}} },
	}
}

func (h *aHost) reason() string { return h.process().reason(h.t.Context(), h.qemu, h.kernel) }

func (h *aHost) times() int {
	text, err := os.ReadFile(h.asked)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		h.t.Fatal(err)
	}
	return strings.Count(string(text), "asked\n")
}

func (h *aHost) file() string { return filepath.Join(h.base, "hyper2kvm", verdictsName) }

// TestVerdictsAreRemembered: by other processes, in this boot, of the same
// things.
func TestVerdictsAreRemembered(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]struct{ script, want string }{
		"works": {kernelSpeaks, ""}, "hangs": {"exec sleep 1000", "said nothing within"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, answer.script)
			first := h.reason()
			start := time.Now()
			second := h.reason()
			if took := time.Since(start); took > 200*time.Millisecond {
				t.Errorf("the second time took %s", took)
			}
			for _, got := range []string{first, second} {
				if (got == "") != (answer.want == "") || !strings.Contains(got, answer.want) {
					t.Errorf("reason %q, want %q", got, answer.want)
				}
			}
			if answer.want != "" && (!strings.HasPrefix(second, first) || !strings.Contains(second, "remove "+h.file())) {
				t.Errorf("the second time: %q", second)
			}
			if h.times() != 1 {
				t.Errorf("it was probed %d times", h.times())
			}
			info, err := os.Stat(h.file())
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the file: %v, %v", info, err)
			}
			if left, _ := filepath.Glob(h.file() + ".*"); len(left) > 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

// TestProbeOfProcessorWithoutVirtualisation: where nothing can be expected, little time
// is spent on it, and yet a kernel that speaks is believed.
func TestProbeOfProcessorWithoutVirtualisation(t *testing.T) {
	t.Parallel()
	const without, with = "flags\t\t: fpu sse\n", "flags\t\t: fpu svm\n"
	for name, test := range map[string]struct{ answer, cpuinfo, want string }{
		"hangs, and was to be expected": {"exec sleep 1000", without, "said nothing within 300ms (this host's processor offers no virtualisation"},
		"hangs":                         {"exec sleep 1000", with, "said nothing within 900ms"},
		"works all the same":            {kernelSpeaks, without, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, test.answer)
			h.write(h.cpuinfo, test.cpuinfo)
			if got := h.reason(); (got == "") != (test.want == "") || !strings.HasPrefix(got, "a kernel under KVM "+test.want) && test.want != "" {
				t.Errorf("reason %q, want %q", got, test.want)
			}
		})
	}
}

// TestVerdictsAreOfOneHost: what is another host, boot, QEMU, kernel or device
// is looked at again, and so is what somebody may have written.
func TestVerdictsAreOfOneHost(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(h *aHost) error{
		"another boot":            func(h *aHost) error { return os.WriteFile(h.bootID, []byte("second"), 0o600) },
		"a kernel of another age": func(h *aHost) error { return os.Chtimes(h.kernel, time.Now(), time.Unix(1, 0)) },
		"a kernel of another size": func(h *aHost) error {
			return errors.Join(os.WriteFile(h.kernel, []byte("longer"), 0o600), os.Chtimes(h.kernel, time.Unix(1, 0), time.Unix(1, 0)))
		},
		"another kernel in its place": func(h *aHost) error {
			return errors.Join(os.WriteFile(h.kernel+".new", nil, 0o600), os.Rename(h.kernel+".new", h.kernel))
		},
		"another QEMU": func(h *aHost) error { return os.Chtimes(h.qemu, time.Now(), time.Unix(1, 0)) },
		"a device with another mode": func(h *aHost) error {
			return os.Chmod(h.device, 0o666)
		},
		"a file that is cut off": func(h *aHost) error { return os.Truncate(h.file(), 20) },
		"a file of something else": func(h *aHost) error {
			return os.WriteFile(h.file(), []byte(`{"boot_id": 7}`), 0o600)
		},
		"a file that others may write to": func(h *aHost) error { return os.Chmod(h.file(), 0o666) },
		"a link in the file's place": func(h *aHost) error {
			return errors.Join(os.Rename(h.file(), h.file()+".other"), os.Symlink(verdictsName+".other", h.file()))
		},
		"a large file": func(h *aHost) error { return os.Truncate(h.file(), 1<<30) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, kernelSpeaks)
			_ = h.reason()
			if err := change(h); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if reason := h.reason(); reason != "" {
					t.Errorf("reason %q", reason)
				}
			}
			if h.times() != 2 {
				t.Errorf("it was probed %d times, of which the last should be remembered", h.times())
			}
		})
	}
}

// TestVerdictsOfOthers: a file or a directory of another user is not believed.
func TestVerdictsOfOthers(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	const other = 65534
	for name, test := range map[string]struct {
		path  func(h *aHost) string
		times int
	}{
		// The file is replaced, and nothing is kept in directories of others.
		"file":      {(*aHost).file, 2},
		"directory": {func(h *aHost) string { return filepath.Dir(h.file()) }, 3},
		"base":      {func(h *aHost) string { return h.base }, 3},
	} {
		h := newHost(t, kernelSpeaks)
		_ = h.reason()
		if err := os.Chown(test.path(h), other, other); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if reason := h.reason(); reason != "" {
				t.Errorf("%s: reason %q", name, reason)
			}
		}
		if h.times() != test.times {
			t.Errorf("%s: it was probed %d times, want %d", name, h.times(), test.times)
		}
	}
}

// TestVerdictDirectories: the next one is taken where one cannot be used, and
// none is needed.
func TestVerdictDirectories(t *testing.T) {
	t.Parallel()
	h := newHost(t, kernelSpeaks)
	file, linked, open := aFile(t), t.TempDir(), t.TempDir()
	if err := errors.Join(os.Symlink(t.TempDir(), filepath.Join(linked, "hyper2kvm")),
		os.Mkdir(filepath.Join(open, "hyper2kvm"), 0o700), os.Chmod(filepath.Join(open, "hyper2kvm"), 0o777)); err != nil {
		t.Fatal(err)
	}
	bad := []verdictDirectory{
		{base: "/nonexistent", name: "hyper2kvm"}, {base: file, name: "hyper2kvm"}, {base: linked, name: "hyper2kvm"},
		{base: open, name: "hyper2kvm"}, {base: "/proc", name: "hyper2kvm"},
	}
	for _, test := range []struct {
		directories []verdictDirectory
		times       int
	}{{bad, 2}, {append(bad, verdictDirectory{base: h.base, name: "hyper2kvm-0", shared: true}), 3}} {
		for range 2 {
			process := h.process()
			process.directories = func() []verdictDirectory { return test.directories }
			if reason := process.reason(t.Context(), h.qemu, h.kernel); reason != "" {
				t.Errorf("reason %q", reason)
			}
		}
		if h.times() != test.times {
			t.Errorf("it was probed %d times, want %d", h.times(), test.times)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(linked, "hyper2kvm", "*")); len(left) > 0 {
		t.Errorf("a link was followed: %v", left)
	}
}

func TestVerdictDirectoriesOfTheEnvironment(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", "relative")
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("HOME", "")
	t.Setenv("TMPDIR", "/some/tmp")
	found := verdictDirectories()
	if len(found) != 1 || found[0].base != "/some/tmp" || !found[0].shared {
		t.Errorf("without a home: %+v", found)
	}
	t.Setenv("XDG_RUNTIME_DIR", "/run/user/7")
	t.Setenv("HOME", "/home/seven")
	found = verdictDirectories()
	if len(found) != 3 || found[0].base != "/run/user/7" || found[1].base != "/home/seven/.cache" {
		t.Errorf("with all: %+v", found)
	}
}

// TestVerdictsThatDoNotLast: those of this process are remembered by it alone,
// and a cancelled probe has none.
func TestVerdictsThatDoNotLast(t *testing.T) {
	t.Parallel()
	h := newHost(t, "echo 'qemu: error: busy' >&2; exit 1")
	process := h.process()
	for range 2 {
		if reason := process.reason(t.Context(), h.qemu, h.kernel); reason != "busy" {
			t.Errorf("reason %q", reason)
		}
	}
	if h.times() != 1 {
		t.Errorf("one process probed %d times", h.times())
	}
	if _ = h.reason(); h.times() != 2 {
		t.Error("another process was told")
	}
	hangs := newHost(t, "exec sleep 1000")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	process = hangs.process()
	if reason := process.reason(cancelled, hangs.qemu, hangs.kernel); reason != "" {
		t.Errorf("a cancelled probe: %q", reason)
	}
	if reason := process.reason(t.Context(), hangs.qemu, hangs.kernel); !strings.Contains(reason, "said nothing") {
		t.Errorf("after a cancelled probe: %q", reason)
	}
	if reason := process.reason(t.Context(), "/nonexistent", hangs.kernel); !strings.Contains(reason, "no such file") {
		t.Errorf("without QEMU: %q", reason)
	}
}

// TestVerdictsOfManyProcesses: one of those that start at once probes.
func TestVerdictsOfManyProcesses(t *testing.T) {
	t.Parallel()
	h := newHost(t, "exec sleep 1000")
	var group sync.WaitGroup
	for range 5 {
		group.Go(func() {
			if reason := h.reason(); !strings.Contains(reason, "said nothing") {
				t.Errorf("reason %q", reason)
			}
		})
	}
	group.Wait()
	if h.times() != 1 {
		t.Errorf("it was probed %d times", h.times())
	}
}

func TestVerdictsAreFew(t *testing.T) {
	t.Parallel()
	h := newHost(t, "exit 1")
	for n := range 2 * maxVerdicts {
		file := openVerdicts(h.process().directories())
		file.keep(verdict{subject: subject{BootID: "boot", Kernel: fileIdentity{Size: int64(n)}}})
		file.close()
	}
	file := openVerdicts(h.process().directories())
	defer file.close()
	all := file.read()
	if len(all) != maxVerdicts || all[0].Kernel.Size != 2*maxVerdicts-1 {
		t.Errorf("%d are kept, the newest of them %+v", len(all), all[0])
	}
}

// TestVerdictTellsItsDay: it may be of any day since the host started.
func TestVerdictTellsItsDay(t *testing.T) {
	t.Parallel()
	found := time.Date(2031, time.March, 4, 5, 6, 7, 0, time.Local)
	told := (&verdicts{path: "/run/kvm.json"}).tell(verdict{Reason: "it hangs", Found: found})
	for _, want := range []string{"it hangs", "2031-03-04 05:06:07", "/run/kvm.json"} {
		if !strings.Contains(told, want) {
			t.Errorf("%q lacks %q", told, want)
		}
	}
}
