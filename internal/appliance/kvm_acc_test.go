//go:build cgo && linux

package appliance

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pretendQEMU has the appliance run by a stand-in, of which nothing is
// remembered outside the test.
func pretendQEMU(t *testing.T, qemu string) {
	t.Helper()
	needAppliance(t)
	if reason := openKVM(kvmDevice); reason != "" {
		t.Skip("stand-ins need a KVM that opens: ", reason)
	}
	t.Setenv("LIBGUESTFS_HV", qemu)
	t.Cleanup(func() { forgetQEMU(t, qemu) })
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	pretendNewProcess(t)
}

// pretendNewProcess forgets what this process knows of KVM.
func pretendNewProcess(t *testing.T) {
	before := kvmProbes
	kvmProbes = &probes{device: before.device, bootID: before.bootID, cpuinfo: before.cpuinfo, timeout: before.timeout, directories: before.directories}
	t.Cleanup(func() { kvmProbes = before })
}

// TestAccKVMLies has a KVM that opens and never runs a kernel: that costs a
// probe, and after that nothing.
func TestAccKVMLies(t *testing.T) {
	qemu, err := filepath.Abs("testdata/qemu-kvm-lies")
	if err != nil {
		t.Fatal(err)
	}
	pretendQEMU(t, qemu)
	drive, dir := newImage(t, "10M"), t.TempDir()
	for _, run := range []struct {
		name string
		cost time.Duration
	}{{"first", probeTimeout + time.Second}, {"second", 300 * time.Millisecond}} {
		pretendNewProcess(t)
		start := time.Now()
		lacks := CheckHost(t.Context(), AccelKVM)
		cost := time.Since(start)
		t.Logf("the %s time, KVM that lies costs %s: %v", run.name, cost, lacks)
		if len(lacks) != 1 || !strings.Contains(lacks[0].Error(), "a kernel under KVM said nothing") || cost > run.cost {
			t.Errorf("the %s time, after %s (at most %s): %v", run.name, cost, run.cost, lacks)
		}
	}
	pretendNewProcess(t)
	s, err := Open(t.Context(), []Drive{drive}, Options{TempDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if used, reason := s.Accelerator(); used != AccelTCG || !strings.Contains(reason, "remembered until this host restarts") {
		t.Errorf("accelerator %q, reason %q", used, reason)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	nothingLeft(t, dir)
}

// TestAccKVMFallback has a KVM that runs the probe's kernel, and then an
// appliance that fails or hangs, whatever its process looks like.
func TestAccKVMFallback(t *testing.T) {
	needAppliance(t)
	resolved, err := defaultQEMU()
	if err != nil {
		t.Fatal(err)
	}
	drive := newImage(t, "10M")
	for name, test := range map[string]struct {
		broken, want string
		patience     patience
	}{
		"aborts":       {"kill -ABRT $$", "KVM does not work here", patience{}},
		"hangs":        {"exec sleep 1000", "its kernel said nothing for 8s", patience{8 * time.Second, time.Hour}},
		"never execs":  {"trap '' TERM; while :; do sleep 1; done", "its kernel said nothing for 8s", patience{8 * time.Second, time.Hour}},
		"falls silent": {"echo 'Linux version 6.1.0'; sleep 1; echo; exec sleep 1000", "it fell silent for 3s", patience{time.Minute, 3 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			qemu := script(t, fmt.Sprintf("case \"$*\" in\n*accel=kvm*-initrd*) %s ;;\n*-accel\\ kvm*-kernel*) %s ;;\nesac\nexec %s \"$@\"", test.broken, kernelSpeaks, resolved))
			pretendQEMU(t, qemu)
			options := Options{TempDir: dir, Acceleration: AccelKVM, patience: test.patience}
			defer timed(t, name)()
			_, err = Open(t.Context(), []Drive{drive}, options)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "set acceleration to") {
				t.Errorf("forced KVM: %v", err)
			}
			nothingLeft(t, dir)
		})
	}
	t.Run("falls back", func(t *testing.T) {
		dir := t.TempDir()
		qemu := script(t, fmt.Sprintf("case \"$*\" in\n*accel=kvm*-initrd*) while :; do sleep 1; done ;;\n*-accel\\ kvm*-kernel*) %s ;;\nesac\nexec %s \"$@\"", kernelSpeaks, resolved))
		pretendQEMU(t, qemu)
		s, err := Open(t.Context(), []Drive{drive}, Options{TempDir: dir, patience: patience{first: 8 * time.Second, later: time.Hour}})
		if err != nil {
			t.Fatal(err)
		}
		if used, reason := s.Accelerator(); used != AccelTCG || !strings.Contains(reason, "said nothing for 8s") {
			t.Errorf("accelerator %q, reason %q", used, reason)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		nothingLeft(t, dir)
	})
}

// TestAccKVMWorks has emulation in the place of KVM, so that a launch with KVM is
// seen to its end everywhere.
func TestAccKVMWorks(t *testing.T) {
	needAppliance(t)
	resolved, err := defaultQEMU()
	if err != nil {
		t.Fatal(err)
	}
	qemu := script(t, `machine=
case "$*" in *-kernel*) machine=1 ;; esac # else it is only asked what it can do
for word; do
  shift
  case "$machine $word" in
  "1 kvm") word=tcg ;;
  "1 accel=kvm"*) word=accel=tcg${word#accel=kvm} ;;
  esac
  set -- "$@" "$word"
done
exec `+resolved+` "$@"`)
	pretendQEMU(t, qemu)
	kvmProbes.timeout = time.Minute
	defer timed(t, "all")()
	drive, dir := newImage(t, "10M"), t.TempDir()
	s, err := Open(t.Context(), []Drive{drive}, Options{TempDir: dir, Acceleration: AccelKVM, patience: patience{first: time.Minute, later: time.Minute}})
	if err != nil {
		t.Fatal(err)
	}
	if used, reason := s.Accelerator(); used != AccelKVM || reason != "" {
		t.Errorf("accelerator %q, reason %q", used, reason)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	nothingLeft(t, dir)
}

// forgetQEMU removes what libguestfs has cached of a QEMU, under its size.
func forgetQEMU(t *testing.T, qemu string) {
	t.Helper()
	handle, err := newHandle()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = handle.Close() }()
	cache, err := handle.Get_cachedir()
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(qemu)
	if err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(fmt.Sprintf("%s/.guestfs-%d/qemu-%d-*", cache, os.Getuid(), info.Size()))
	for _, file := range files {
		if err := os.Remove(file); err != nil {
			t.Error(err)
		}
	}
}
