//go:build cgo

package appliance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"
)

const (
	kvmDevice = "/dev/kvm"
	// probeTimeout is several times what a kernel needs for its first word where
	// KVM works.
	probeTimeout = 3 * time.Second
	// probeShare of the processor's time is enough for that.
	probeShare = probeTimeout / 3
)

// firstWord begins every Linux kernel's messages.
const firstWord = "Linux version "

// openKVM says why KVM cannot even be opened, or "". The device is kvmDevice but
// for tests.
func openKVM(device string) string {
	file, err := os.OpenFile(device, os.O_RDWR, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "this host has no " + device + " (processor virtualisation is off or the kvm module is not loaded)"
	case errors.Is(err, fs.ErrPermission):
		return device + " may not be opened by this user (on most systems the group kvm may)"
	case err != nil:
		return fmt.Sprintf("%s cannot be opened: %v", device, err)
	}
	_ = file.Close()
	return ""
}

// probeKVM says why KVM does not run the kernel for qemu, or "" when it does.
// That the device can be opened proves nothing, and neither do a few
// instructions: hosts that emulate real mode and never run a kernel exist
// (internal/adr/0020). So the kernel is started, without anything to boot, until
// its first word is on the serial console. A verdict is lasting if the same
// question would get the same answer until the host restarts. Others cost little
// or may be due to a host that is busy or short of memory. lacking is what
// processorLacks says of the host's processor.
func probeKVM(ctx context.Context, qemu, kernel string, timeout time.Duration, lacking string) (reason string, lasting bool) {
	// A disk that is slow to read them is not KVM's fault.
	for _, file := range []string{qemu, kernel} {
		if err := readThrough(file); err != nil {
			return fmt.Sprintf("it could not be probed: %v", err), false
		}
	}
	cmd := exec.Command(qemu, "-accel", "kvm", "-cpu", "max", "-m", "256",
		"-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-serial", "stdio",
		"-kernel", kernel, "-append", "console=ttyS0 earlyprintk=serial,ttyS0,115200 edd=off panic=1")
	console, complaints := &listener{word: firstWord, heard: make(chan struct{})}, &strings.Builder{}
	cmd.Stdout, cmd.Stderr = console, complaints
	// What it started may keep the pipes open when it is gone.
	cmd.WaitDelay = 100 * time.Millisecond
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Sprintf("it could not be probed: %v", err), false
	}
	// KVM that half works keeps a processor busy: that must not outlive a killed
	// process, either.
	watchdog, err := guard(cmd.Process.Pid)
	if err != nil {
		killTree(cmd.Process.Pid)
		_ = cmd.Wait() // killed, which was meant
		return fmt.Sprintf("it could not be probed: %v", err), false
	}
	defer watchdog.dismiss()
	var exit error
	ended := make(chan struct{})
	go func() {
		exit = cmd.Wait()
		close(ended)
	}()
	late := time.NewTimer(timeout)
	defer late.Stop()
	// However QEMU looks and whatever it started: none of it remains.
	end := func() {
		killTree(cmd.Process.Pid)
		<-ended
	}
	select {
	case <-console.heard:
		end()
		return "", true
	case <-ctx.Done():
		end()
		return ctx.Err().Error(), false
	case <-late.C:
		starved := starvedTree(cmd.Process.Pid)
		end()
		if starved && lacking == "" {
			return fmt.Sprintf("a kernel under KVM said nothing within %s, on a host that is busy", timeout), false
		}
		return fmt.Sprintf("a kernel under KVM said nothing within %s%s", timeout, lacking), true
	case <-ended:
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what it has left
		// The last words may have been the kernel's.
		select {
		case <-console.heard:
			return "", true
		default:
		}
	}
	if message := reasonIn(complaints.String()); message != "" {
		return message, false
	}
	if exit == nil {
		exit = errors.New("exit status 0")
	}
	return fmt.Sprintf("QEMU with KVM ended before a kernel said anything: %v", exit), false
}

func readThrough(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	if _, err = io.Copy(io.Discard, file); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	return nil
}

// processorLacks says what the kernel tells of a processor that cannot
// virtualise, or "".
func processorLacks(cpuinfo string) string {
	text, err := os.ReadFile(cpuinfo)
	flags := regexp.MustCompile(`(?m)^flags\s*:.*$`).Find(text)
	if err != nil || flags == nil || regexp.MustCompile(`\b(vmx|svm)\b`).Match(flags) {
		return ""
	}
	return " (this host's processor offers no virtualisation: neither vmx nor svm is among its flags)"
}

// listener closes heard when word was written.
type listener struct {
	word  string
	tail  string
	heard chan struct{}
	done  bool
}

// Write implements io.Writer.
func (l *listener) Write(text []byte) (int, error) {
	l.tail += string(text)
	if !l.done && strings.Contains(l.tail, l.word) {
		l.done = true
		close(l.heard)
	}
	l.tail = l.tail[max(0, len(l.tail)-len(l.word)):]
	return len(text), nil
}

// reasonIn returns the line of QEMU's messages that tells most: the first that
// calls itself an error (an abort's assertion follows it), or the last.
func reasonIn(messages string) string {
	lines := strings.Split(strings.TrimSpace(messages), "\n")
	for _, line := range lines {
		if _, message, ok := strings.Cut(line, "error: "); ok {
			return message
		}
	}
	return strings.TrimSpace(lines[len(lines)-1])
}
