package firstboot_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/firstboot"
	windows "github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/firstboot"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry/registrytest"
)

// wineLimit is how long a prefix may take to be made, or a boot to end.
const wineLimit = 5 * time.Minute

// standIns are programs of Windows that the scripts call, and that Wine has not or
// has others of.
var standIns = []string{
	`system32\pnputil.exe`, `system32\icacls.exe`, `system32\msiexec.exe`, `system32\getmac.exe`, `system32\netsh.exe`, `system32\diskpart.exe`, `system32\certutil.exe`,
	`system32\WindowsPowerShell\v1.0\powershell.exe`, `Drivers\VirtIO\blnsvr.exe`,
}

// wine is a Windows as Wine has it.
type wine struct {
	t           *testing.T
	prefix      string
	environment []string
}

func newWine(t *testing.T) *wine {
	t.Helper()
	// Names of sockets are short, and those of tests are not.
	prefix, err := os.MkdirTemp("", "wine") //nolint:usetesting // its names are too long
	if err != nil {
		t.Fatal(err)
	}
	w := &wine{t: t, prefix: prefix, environment: append(os.Environ(), "WINEPREFIX="+prefix, "WINEARCH=win64", "WINEDEBUG=-all", "DISPLAY=",
		"WINEDLLOVERRIDES=mscoree,mshtml=;pnputil.exe,icacls.exe,msiexec.exe,getmac.exe,netsh.exe,diskpart.exe,certutil.exe,powershell.exe=n")}
	t.Cleanup(func() {
		_ = w.command(context.Background(), "wineserver", "-k").Run()
		_ = os.RemoveAll(prefix)
	})
	w.run("wineboot", "-i")
	w.end()
	return w
}

func (w *wine) command(ctx context.Context, name string, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, name, arguments...)
	command.Env = w.environment
	return command
}

func (w *wine) run(name string, arguments ...string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), wineLimit)
	defer cancel()
	command := w.command(ctx, name, arguments...)
	command.WaitDelay = time.Second // services hold the output
	out, err := command.CombinedOutput()
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		w.t.Fatalf("%s %q: %v: %s", name, arguments, err, out)
	}
}

// end ends all that runs, as a machine that is switched off, but with its registry
// kept.
func (w *wine) end() {
	w.t.Helper()
	w.run("wineserver", "-k")
	w.run("wineserver", "-w")
}

// path is where a file of the folder of Windows is on the host.
func (w *wine) path(name string) string {
	return filepath.Join(w.prefix, "drive_c", "windows", filepath.FromSlash(strings.ReplaceAll(name, `\`, "/")))
}

func (w *wine) write(name string, content []byte) {
	w.t.Helper()
	at := w.path(name)
	if err := os.MkdirAll(filepath.Dir(at), 0o750); err != nil {
		w.t.Fatal(err)
	}
	_ = os.Remove(at) // Wine's own may be links
	if err := os.WriteFile(at, content, 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// read is a file's text with the line ends of Linux, or nothing.
func (w *wine) read(name string) string {
	w.t.Helper()
	data, err := os.ReadFile(w.path(name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		w.t.Fatal(err)
	}
	return strings.ReplaceAll(string(data), "\r\n", "\n")
}

// boot starts Windows with its services, until the log has a text once more than
// before, and settled, which may be nil, says so, and switches it off.
func (w *wine) boot(until string, settled func(context.Context) bool) {
	w.t.Helper()
	const log = `hyper2kvm\first-boot.log`
	before := strings.Count(w.read(log), until)
	ctx, cancel := context.WithTimeout(w.t.Context(), wineLimit)
	defer cancel()
	// Services run as long as a program does: this one waits for its input.
	someone := w.command(ctx, "wine", "cmd.exe")
	input, err := someone.StdinPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	someone.Stdout = io.Discard
	if err := someone.Start(); err != nil {
		w.t.Fatal(err)
	}
	poll := time.NewTicker(200 * time.Millisecond)
	defer poll.Stop()
	for strings.Count(w.read(log), until) == before || settled != nil && !settled(ctx) {
		select {
		case <-poll.C:
		case <-ctx.Done():
			w.t.Errorf("the log does not say %q, or what was to follow did not:\n%s", until, w.read(log))
			before = -1
		}
		if before < 0 {
			break
		}
	}
	_ = input.Close()
	w.end()
	_ = someone.Wait() // it was ended
	if w.t.Failed() {
		w.t.FailNow()
	}
}

// unregistered reports whether Windows has no service of the task any more. One that
// removes itself goes when its program has ended.
func (w *wine) unregistered(ctx context.Context) bool {
	query := w.command(ctx, "wine", "reg.exe", "query", `HKLM\System\CurrentControlSet\Services\`+windows.Service)
	query.WaitDelay = time.Second // services hold the output
	var exit *exec.ExitError
	return errors.As(query.Run(), &exit)
}

// newGuest is a Windows with the files and the service of a task, and stand-ins that
// end with the given statuses.
func newGuest(t *testing.T, task windows.Task, statuses string) *wine {
	t.Helper()
	w := newWine(t)
	standIn := filepath.Join(t.TempDir(), "standin.exe")
	if out, err := exec.CommandContext(t.Context(), "x86_64-w64-mingw32-gcc-win32", "-Os", "-s", "-o", standIn, "testdata/standin.c").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	program, err := os.ReadFile(standIn)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range standIns {
		w.write(name, program)
	}
	w.write(`..\status.txt`, []byte(statuses))
	w.write(`..\getmac.txt`, []byte(`"Old","Intel(R) PRO","00-11-22-33-44-55","\Device\Tcpip_{A}"`+"\r\n"+
		`"Local Area Connection 2","Red Hat VirtIO","00-50-56-AA-BB-01","\Device\Tcpip_{B}"`+"\r\n"+
		`"Local Area Connection 3","Red Hat VirtIO","00-50-56-AA-BB-02","Media disconnected"`+"\r\n"))
	w.write(`..\diskpart.txt`, []byte("Red Hat VirtIO SCSI Disk Device\r\n"))
	planned, err := windows.New(task, func() ([]byte, error) { return firstboot.Program("x86_64") })
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range planned.Files {
		w.write(file.Path, file.Content)
	}
	edited := registry.Edit(openHive(t, registrytest.Build(map[string][]registry.Value{"ControlSet001": nil})))
	system := registry.System{ControlSet: "ControlSet001"}
	if err := errors.Join(windows.OnlineDisks(edited, system), windows.Register(edited, system)); err != nil {
		t.Fatal(err)
	}
	patch := strings.ReplaceAll(registrytest.Patch(edited.Changes()), `[\`, `[HKEY_LOCAL_MACHINE\System\`)
	// The pause before another try is an argument.
	patch = strings.ReplaceAll(patch, "ControlSet001", "CurrentControlSet")
	w.write(`..\service.reg`, []byte(patch))
	w.run("wine", "regedit.exe", "/S", `C:\service.reg`)
	w.run("wine", "reg.exe", "add", `HKLM\System\CurrentControlSet\Services\`+windows.Service, "/v", "ImagePath", "/t", "REG_EXPAND_SZ",
		"/d", `"%SystemRoot%\hyper2kvm\firstboot.exe" 0`, "/f")
	w.end()
	return w
}

// story is the log without its times and what scripts print.
func story(log string) []string {
	var lines []string
	for line := range strings.Lines(log) {
		const stamp = len("2026-01-21 18:23:32 ")
		line = strings.TrimSuffix(line, "\n")
		if len(line) > stamp && line[4] == '-' && line[13] == ':' {
			lines = append(lines, line[stamp:])
		}
	}
	return lines
}

// TestAccFirstBoot: a service that Windows starts, under Wine. A script fails three
// times, two ask for a restart, and then all but the log and what failed is gone.
func TestAccFirstBoot(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("starts Wine, which make testacc has: set TF_ACC=1")
	}
	t.Parallel()
	task := everything(windows7)
	w := newGuest(t, task, "3010 netkvm.inf\n1 smbus.inf\n1603 /x\n3010 qemu-ga\n")
	w.boot("Windows is restarted", nil)
	w.boot("Windows is restarted", nil)
	w.boot("the service is removed", w.unregistered)

	want := []string{
		"Windows has started",
		"010-drivers.cmd: try 1 of 3",
		"010-drivers.cmd: done, and Windows is to be restarted (status 3010)",
		"Windows is restarted",
		"Windows has started",
		"020-more-drivers.cmd: try 1 of 3", "020-more-drivers.cmd: done",
		"030-disks.cmd: try 1 of 3", "030-disks.cmd: done",
		"040-addresses.cmd: try 1 of 3", "040-addresses.cmd: done",
		"050-guest-agent.cmd: try 1 of 3", "050-guest-agent.cmd: done",
		"060-vmware-tools.cmd: try 1 of 3", "060-vmware-tools.cmd: failed with status 1",
		"060-vmware-tools.cmd: try 2 of 3", "060-vmware-tools.cmd: failed with status 1",
		"060-vmware-tools.cmd: try 3 of 3", "060-vmware-tools.cmd: failed with status 1",
		"060-vmware-tools.cmd: given up after 3 tries",
		"100-join.ps1: try 1 of 3", "100-join.ps1: done",
		"101-fails.cmd: try 1 of 3", "101-fails.cmd: failed with status 7",
		"101-fails.cmd: try 2 of 3", "101-fails.cmd: failed with status 7",
		"101-fails.cmd: try 3 of 3", "101-fails.cmd: failed with status 7",
		"101-fails.cmd: given up after 3 tries",
		"102-restart.bat: try 1 of 3",
		"102-restart.bat: done, and Windows is to be restarted (status 3010)",
		"Windows is restarted",
		"Windows has started",
		"103-last.cmd: try 1 of 3", "103-last.cmd: done",
		"all scripts were run; the service is removed",
	}
	log := w.read(`hyper2kvm\first-boot.log`)
	if diff := cmp.Diff(want, story(log)); diff != "" {
		t.Errorf("%s\n%s", diff, log)
	}
	if !strings.Contains(log, "LAST\n") || !strings.Contains(log, "smbus.inf was not installed: status 1\n") {
		t.Errorf("what scripts print is not in the log:\n%s", log)
	}
	wantCalls := []string{
		`icacls C:\windows\Drivers\VirtIO /reset /t /c /q`, `certutil -f -addstore TrustedPublisher C:\windows\hyper2kvm\publisher-1.cer`,
		`pnputil -i -a C:\windows\Drivers\VirtIO\viostor.inf`, `pnputil -i -a C:\windows\Drivers\VirtIO\netkvm.inf`,
		`pnputil -i -a C:\windows\Drivers\VirtIO\smbus.inf`, `pnputil -i -a C:\windows\Drivers\VirtIO\viorng.inf`,
		`getmac /v /fo csv /nh`,
		`netsh interface ip set address name=Local Area Connection 2 source=static address=192.0.2.10 mask=255.255.255.0 gateway=192.0.2.1 gwmetric=1`,
		`netsh interface ip add address name=Local Area Connection 2 address=192.0.2.11 mask=255.255.255.0`,
		`netsh interface ip add address name=Local Area Connection 2 gateway=192.0.2.2 gwmetric=2`,
		`netsh interface ip set dns name=Local Area Connection 2 source=static address=192.0.2.53`,
		`netsh interface ip add dns name=Local Area Connection 2 address=198.51.100.53 index=2`,
		`getmac /v /fo csv /nh`,
		`netsh interface ip set address name=Local Area Connection 3 source=static address=10.0.0.10 mask=255.0.0.0`,
		`blnsvr -i`, `msiexec /i C:\windows\Drivers\VirtIO\qemu-ga-x86_64.msi /qn /norestart`,
		`msiexec /x {B7C4F0AD-0123-4567-89AB-0123456789AB} /qn /norestart REBOOT=ReallySuppress`,
		`msiexec /x {B7C4F0AD-0123-4567-89AB-0123456789AB} /qn /norestart REBOOT=ReallySuppress`,
		`msiexec /x {B7C4F0AD-0123-4567-89AB-0123456789AB} /qn /norestart REBOOT=ReallySuppress`,
		`powershell -NoProfile -NonInteractive -ExecutionPolicy Bypass -File C:\windows\hyper2kvm\scripts\100-join.ps1`,
	}
	var calls []string
	disks := 0
	for call := range strings.Lines(w.read(`..\calls.txt`)) {
		if strings.HasPrefix(call, "diskpart") {
			disks++
			continue
		}
		calls = append(calls, strings.TrimSuffix(call, "\n"))
	}
	if diff := cmp.Diff(wantCalls, calls); diff != "" {
		t.Error(diff)
	}
	if disks != 62 { // 31 disks are asked for, and all brought online
		t.Errorf("diskpart was called %d times", disks)
	}

	w.run("wineboot", "-r") // what is put off until the next start
	w.end()
	var left []string
	err := filepath.WalkDir(w.path("hyper2kvm"), func(at string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			left = append(left, filepath.Base(at))
		}
		return err
	})
	if diff := cmp.Diff([]string{"060-vmware-tools.cmd", "101-fails.cmd", "first-boot.log"}, left); diff != "" || err != nil {
		t.Errorf("what is left: %s %v", diff, err)
	}
	for line := range strings.Lines(w.read(`..\..\system.reg`)) {
		if strings.Contains(line, windows.Service) || strings.Contains(line, "SanPolicy") {
			t.Errorf("the service is still registered, or new disks are still brought online whatever the policy was: %s", line)
		}
	}
}
