//go:build cgo

package appliance

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// script makes a stand-in for QEMU.
func script(t *testing.T, text string) string {
	t.Helper()
	qemu := filepath.Join(t.TempDir(), "other-name")
	// A process that is being started must not have it open for writing.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(qemu, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return qemu
}

// aFile is a kernel or a device, of which stand-ins do not care.
func aFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenKVM(t *testing.T) {
	t.Parallel()
	absent := filepath.Join(t.TempDir(), "absent")
	if reason := openKVM(absent); !strings.Contains(reason, absent) {
		t.Errorf("reason %q does not name the device", reason)
	}
	if reason := openKVM(aFile(t)); reason != "" {
		t.Errorf("a device that opens: %q", reason)
	}
}

const kernelSpeaks = "printf 'SeaBIOS\\r\\n[    0.000000] Linux ver'; sleep 0.05; printf 'sion 6.1.0'; exec sleep 1000"

// TestProbeKVM runs stand-ins for QEMU: what they do is all that the probe
// sees of KVM. However they do it, none of them remains.
func TestProbeKVM(t *testing.T) {
	t.Parallel()
	const silent = "said nothing within 1.5s"
	tests := map[string]struct {
		script, want string
		lasting      bool
	}{
		"works":                     {kernelSpeaks, "", true},
		"works and ends":            {"echo 'Linux version 6.1.0'", "", true},
		"works late":                {"sleep 0.3; " + kernelSpeaks, "", true},
		"works too late":            {"sleep 5; " + kernelSpeaks, silent, true},
		"firmware speaks":           {"echo 'SeaBIOS'; echo 'Booting from ROM'; exec sleep 1000", silent, true},
		"hangs":                     {"exec sleep 1000", silent, true},
		"hangs and never execs":     {"while :; do sleep 1000; done", silent, true},
		"hangs and leaves children": {"sleep 1000 & sleep 1000 & wait", silent, true},
		"hangs and ignores signals": {"trap '' TERM HUP INT; while :; do sleep 1000; done", silent, true},
		"hangs in another session":  {"setsid sleep 1000 & exec setsid -w sleep 1000", silent, true},
		"ends and leaves children":  {"sleep 1000 & exit 1", "exit status 1", false},
		"aborts":                    {"echo 'qemu: error: failed to set MSR 0x10a' >&2; echo 'Assertion failed' >&2; kill -ABRT $$", "failed to set MSR 0x10a", false},
		"refuses":                   {"echo warning >&2; echo 'no virtualisation' >&2; exit 1", "no virtualisation", false},
		"says no":                   {"exit 1", "exit status 1", false},
		"ends at once":              {"exit 0", "ended before a kernel said anything", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			marked := "KVM_PROBE_TEST=" + strconv.Itoa(os.Getpid()) + strings.ReplaceAll(name, " ", "_")
			qemu := script(t, "export "+marked+"\n"+test.script)
			start := time.Now()
			got, lasting := probeKVM(t.Context(), qemu, aFile(t), 1500*time.Millisecond, "")
			if (test.want == "") != (got == "") || !strings.Contains(got, test.want) || lasting != test.lasting {
				t.Errorf("reason %q, lasting %v, want %q, %v", got, lasting, test.want, test.lasting)
			}
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("it took %s", took)
			}
			nothingRuns(t, marked)
		})
	}
	if reason, lasting := probeKVM(t.Context(), "/nonexistent/qemu", aFile(t), time.Second, ""); !strings.Contains(reason, "no such file") || lasting {
		t.Errorf("without QEMU: %q, %v", reason, lasting)
	}
}

// nothingRuns waits until the processes with this in their environment are
// gone: they were killed, and the kernel takes its time.
func nothingRuns(t *testing.T, marked string) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Second)
	for {
		var left []string
		files, _ := filepath.Glob("/proc/[0-9]*/environ")
		for _, file := range files {
			if text, _ := os.ReadFile(file); strings.Contains(string(text), marked) {
				left = append(left, file)
			}
		}
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("still running: %v", left)
			return
		}
		_, _ = unix.Poll(nil, 10)
	}
}

func TestProbeKVMIsCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, lasting := probeKVM(ctx, script(t, "while :; do sleep 1000; done"), aFile(t), time.Minute, ""); lasting {
		t.Error("a cancelled probe has a verdict")
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestProcessorLacks(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text  string
		lacks bool
	}{
		"Intel":            {"flags\t\t: fpu vmx sse\n", false},
		"AMD":              {"processor: 0\nflags\t\t: fpu svm sse\n", false},
		"without":          {"processor: 0\nflags\t\t: fpu sse hypervisor\nvmx flags\t: vnmi\n", true},
		"another machine":  {"Features\t: fp asimd\n", false},
		"a longer feature": {"flags\t\t: vmx_like\n", true},
	} {
		file := aFile(t)
		if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := processorLacks(file); (got != "") != test.lacks {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestStarved(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"2900000000 90000000 12":  false, // busy with nothing
		"1000 2000 3":             false, // asleep
		"100000000 2800000000 9":  true,
		"1100000000 1800000000 9": false, // got enough all the same
		"":                        false,
	} {
		if got := starved(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// TestSilence: what is said and processes that come and go are signs of life.
func TestSilence(t *testing.T) {
	t.Parallel()
	type look struct {
		second   int
		amount   uint64
		kernel   bool
		children []int
		building bool
	}
	for name, test := range map[string]struct {
		looks []look
		want  string // of the last
	}{
		"silent":                   {[]look{{0, 0, false, []int{1}, false}, {11, 0, false, []int{1}, false}}, "its kernel said nothing for 10s"},
		"not yet":                  {[]look{{0, 0, false, []int{1}, false}, {9, 0, false, []int{1}, false}}, ""},
		"the appliance is made":    {[]look{{0, 0, false, []int{1}, true}, {100, 0, false, []int{1}, true}, {109, 0, false, []int{1}, false}}, ""},
		"QEMU starts at last":      {[]look{{0, 0, false, []int{1}, false}, {9, 0, false, []int{2, 3}, false}, {18, 0, false, []int{2, 3}, false}}, ""},
		"it talks all the time":    {[]look{{0, 0, false, []int{1}, false}, {9, 5, false, []int{1}, false}, {18, 9, false, []int{1}, false}}, ""},
		"the kernel has spoken":    {[]look{{0, 5, true, []int{1}, false}, {29, 5, true, []int{1}, false}}, ""},
		"and then it fell silent":  {[]look{{0, 5, true, []int{1}, false}, {31, 5, true, []int{1}, false}}, "fell silent for 30s"},
		"and talks, if slowly":     {[]look{{0, 5, true, []int{1}, false}, {29, 6, true, []int{1}, false}, {58, 7, true, []int{1}, false}}, ""},
		"firmware spoke, and then": {[]look{{0, 0, false, []int{1}, false}, {1, 5, false, []int{1}, false}, {12, 5, false, []int{1}, false}}, "said nothing for 10s"},
	} {
		heard := &fakeConsole{}
		watched := &silence{patience: patience{first: 10 * time.Second, later: 30 * time.Second}, console: heard}
		var err error
		for _, at := range test.looks {
			heard.amount, heard.kernel = at.amount, at.kernel
			err = watched.judge(time.Unix(0, 0).Add(time.Duration(at.second)*time.Second), at.children, at.building)
		}
		if test.want == "" && err != nil || test.want != "" && (!errors.Is(err, errSilent) || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

type fakeConsole struct {
	amount uint64
	kernel bool
}

func (f *fakeConsole) heard() (amount uint64, kernel bool) { return f.amount, f.kernel }
