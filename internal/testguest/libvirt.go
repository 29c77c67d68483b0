//go:build linux

package testguest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/boot"
)

// Libvirt is a libvirtd of its own: sockets, settings and records lie in a folder
// that goes with it.
type Libvirt struct {
	folder  string
	owner   *syscall.Credential // whom libvirtd runs as; nil for who runs the test
	daemons []*exec.Cmd
}

// StartLibvirt starts a libvirtd. As root it would use the host's own folders. It
// therefore runs as nobody then.
func StartLibvirt(ctx context.Context) (*Libvirt, error) {
	folder, err := os.MkdirTemp("", "testguest-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for libvirtd: %w", err)
	}
	l := &Libvirt{folder: folder}
	if err := l.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("starting libvirtd: %w", err), l.Close())
	}
	return l, nil
}

func (l *Libvirt) start(ctx context.Context) error {
	settings := filepath.Join(l.folder, "libvirt")
	if err := os.Mkdir(settings, 0o700); err != nil {
		return err
	}
	configuration := filepath.Join(settings, "qemu.conf")
	if err := os.WriteFile(configuration, []byte("security_driver = \"none\"\n"), 0o600); err != nil {
		return err
	}
	if os.Getuid() == 0 {
		const nobody = 65534
		l.owner = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	if err := l.Give(l.folder, settings, configuration); err != nil {
		return err
	}
	for _, daemon := range []string{"virtlogd", "libvirtd"} {
		if err := l.serve(ctx, daemon); err != nil {
			return err
		}
	}
	return nil
}

// Give gives files to the user that libvirtd runs as, as libvirt's user gets the
// images of a privileged one. The folders above them must let that user enter.
func (l *Libvirt) Give(paths ...string) error {
	if l.owner == nil {
		return nil
	}
	for _, path := range paths {
		if err := os.Chown(path, int(l.owner.Uid), int(l.owner.Gid)); err != nil {
			return err
		}
	}
	return nil
}

// Domain is a running domain of a libvirtd. No network starts in that.
type Domain struct {
	*Libvirt
	Console *Console

	name   string
	log    io.Writer
	holder *boot.Process // a virsh with whose connection the domain ends
	tty    *os.File
}

// StartDomain defines and starts the domain that text, libvirt's XML, describes.
// The images are given to libvirtd.
func (l *Libvirt) StartDomain(ctx context.Context, name, text string, images []string, log io.Writer) (*Domain, error) {
	d := &Domain{Libvirt: l, name: name, log: log}
	if err := d.start(ctx, text, images); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the domain %s: %w", name, err), d.Close())
	}
	return d, nil
}

func (d *Domain) start(ctx context.Context, text string, images []string) error {
	definition := filepath.Join(d.folder, "domain.xml")
	if err := os.WriteFile(definition, []byte(text), 0o600); err != nil {
		return err
	}
	if err := d.Give(append([]string{definition}, images...)...); err != nil {
		return err
	}
	if _, err := d.Virsh(ctx, "define", definition); err != nil {
		return err
	}
	if err := d.hold(ctx); err != nil {
		return err
	}
	tty, err := d.Virsh(ctx, "ttyconsole", d.name)
	if err != nil {
		return err
	}
	if d.tty, err = os.OpenFile(strings.TrimSpace(tty), os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		return err
	}
	d.Console = boot.NewConsole(d.tty, d.tty, d.log)
	return nil
}

// serve starts a daemon and waits for its socket. It outlives a test that is
// killed by as long as it takes it to see that nobody is there.
func (l *Libvirt) serve(ctx context.Context, daemon string) error {
	cmd, err := l.Command(context.WithoutCancel(ctx), daemon, "--timeout", "30")
	if err != nil {
		return err
	}
	cmd.SysProcAttr.Setpgid = true
	complaints, err := os.Create(filepath.Join(l.folder, daemon+".log"))
	if err != nil {
		return err
	}
	defer func() { _ = complaints.Close() }() // the daemon has its own
	cmd.Stdout, cmd.Stderr = complaints, complaints
	if err := cmd.Start(); err != nil {
		return err
	}
	l.daemons = append(l.daemons, cmd)
	socket := filepath.Join(l.folder, "libvirt", strings.Replace(daemon, "libvirtd", "libvirt", 1)+"-sock")
	err = retry(ctx, time.Minute, func() error {
		connection, err := net.Dial("unix", socket)
		if err != nil {
			return err
		}
		return connection.Close()
	})
	if err != nil {
		said, _ := os.ReadFile(complaints.Name())
		return fmt.Errorf("%s does not answer: %w: %s", daemon, err, tail(string(said), 2000))
	}
	return nil
}

var (
	domainStarted = regexp.MustCompile(`Domain '.*' started`)
	virshError    = regexp.MustCompile(`(?s)(error: .*?)\s*virsh # `)
)

// hold starts the domain by a connection that lasts as long as this process, and
// the domain as long as the connection.
func (d *Domain) hold(ctx context.Context) error {
	connected, disconnect := context.WithCancel(context.WithoutCancel(ctx))
	cmd, err := d.Command(connected, "sh", "-c", "exec virsh 2>&1")
	if err != nil {
		disconnect()
		return err
	}
	if d.holder, err = boot.StartProcess(connected, disconnect, cmd, d.log); err != nil {
		disconnect()
		return err
	}
	started, err := awaitTurn(ctx)
	if err != nil {
		return err
	}
	defer started()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := d.holder.Console.Send("start --autodestroy '" + d.name + "'\n"); err != nil {
		return err
	}
	which, match, err := d.holder.Console.Expect(ctx, domainStarted, virshError)
	switch {
	case err != nil:
		return err
	case which == 1:
		return errors.New(match[1])
	}
	return nil
}

// awaitTurn waits until no other test starts a domain: each libvirtd looks for a free
// port for the display, and QEMU takes it only later.
func awaitTurn(ctx context.Context) (end func(), err error) {
	dir, err := cachePath()
	if err != nil {
		return nil, err
	}
	return lockFor(ctx, filepath.Join(dir, "domain"))
}

// Command is a program, such as one of libvirt's, that knows of nothing but the
// folder.
func (l *Libvirt) Command(ctx context.Context, name string, args ...string) (*exec.Cmd, error) {
	program, err := findProgram(name)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = l.folder
	cmd.Env = []string{"PATH=" + os.Getenv("PATH") + ":/usr/sbin:/sbin", "LC_ALL=C", "LIBVIRT_DEFAULT_URI=qemu:///session", "HOME=" + l.folder}
	for _, purpose := range []string{"RUNTIME_DIR", "CONFIG_HOME", "CACHE_HOME", "DATA_HOME"} {
		cmd.Env = append(cmd.Env, "XDG_"+purpose+"="+l.folder)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: l.owner}
	return cmd, nil
}

// Virsh runs a command of virsh and returns what it prints.
func (l *Libvirt) Virsh(ctx context.Context, args ...string) (string, error) {
	cmd, err := l.Command(ctx, "virsh", args...)
	if err != nil {
		return "", err
	}
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("virsh %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(complaints.String()))
	}
	return string(out), nil
}

// WaitState is that of a Machine.
func (d *Domain) WaitState(ctx context.Context) (State, error) {
	return d.Console.WaitState(ctx, "")
}

// Shutdown asks the guest to shut down and waits until it has.
func (d *Domain) Shutdown(ctx context.Context, within time.Duration) error {
	if _, err := d.Virsh(ctx, "shutdown", d.name); err != nil {
		return err
	}
	return retry(ctx, within, func() error {
		state, err := d.Virsh(ctx, "domstate", d.name)
		if state = strings.TrimSpace(state); err == nil && state != "shut off" {
			err = fmt.Errorf("the domain %s is %s", d.name, state)
		}
		return err
	})
}

// Close ends the daemons.
func (l *Libvirt) Close() error {
	for _, daemon := range l.daemons {
		_ = daemon.Process.Signal(syscall.SIGTERM) // it may have ended
		_ = daemon.Wait()                          // by the signal
	}
	return os.RemoveAll(l.folder)
}

// Close ends the domain and removes it.
func (d *Domain) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var failed error
	if d.holder != nil {
		_, _ = d.Virsh(ctx, "destroy", d.name) // it may be shut off
		_, failed = d.Virsh(ctx, "undefine", "--nvram", d.name)
		failed = errors.Join(failed, d.holder.Close())
	}
	if d.tty != nil {
		failed = errors.Join(failed, d.tty.Close())
	}
	return failed
}

// retry tries until it succeeds or the time is over, and returns the last error.
func retry(ctx context.Context, within time.Duration, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(200 * time.Millisecond):
		}
	}
}
