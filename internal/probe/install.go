// Package probe puts a program into a guest that tells how it has booted, and
// compares what that tells with what the guest is configured to be. The guest must
// be in a layer that is thrown away: nothing of the probe is ever published.
package probe

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/boot"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

//go:embed probe.sh
var program string

// What the probe is made of. The program lies where every guest can be written to
// and its SELinux lets programs be read from, and is started through the shell, so
// that no file system need let it be run.
const (
	programPath = "/etc/hyper2kvm-boot-probe"
	command     = "/bin/sh " + programPath
	unitName    = "hyper2kvm-boot-probe.service"
	unitPath    = "/etc/systemd/system/" + unitName
	wantsPath   = "/etc/systemd/system/sysinit.target.wants/" + unitName
	inittabPath = "/etc/inittab"
	upstartPath = "/etc/init/hyper2kvm-boot-probe.conf"
	localPath   = "/etc/local.d/hyper2kvm-boot-probe.start"
	localLink   = "/etc/runlevels/default/local"
)

// unit starts with the first, waits for nothing, and stays when systemd goes into
// emergency mode, which it then tells. Its start is no job that lasts.
const unit = `[Unit]
Description=Tell how this guest has booted
DefaultDependencies=no
IgnoreOnIsolate=yes
Conflicts=shutdown.target
Before=shutdown.target

[Service]
Type=simple
ExecStart=` + command + `
StandardOutput=null
StandardError=null
`

// errNoInit says that nothing would start the probe.
var errNoInit = errors.New("the guest has none of the init systems that could start it: systemd, Upstart, OpenRC, and those with an /etc/inittab")

// Install puts the probe into a guest that is configured so. It tells what it knows
// after so long at the latest. An error leaves a guest that may have part of it, and is not to be
// started.
func Install(ctx context.Context, e *edit.Editor, wanted Expected, limit time.Duration) error {
	script := strings.NewReplacer(
		"@LIMIT@", strconv.Itoa(int(limit.Seconds())), "@PORT@", boot.ProbePort, "@HEADING@", boot.ReportHeading, "@ADDRESSES@", wanted.addresses(),
	).Replace(program)
	const description = "tell how the guest boots"
	if err := e.Write(programPath, script, 0o755, description); err != nil {
		return err
	}
	started := false
	for _, start := range []func(*edit.Editor) (bool, error){startBySystemd, startByInittab, startByUpstart, startByOpenRC} {
		done, err := start(e)
		if err != nil {
			return err
		}
		started = started || done
	}
	if !started {
		return errNoInit
	}
	if err := e.LabelNow(ctx); err != nil {
		return fmt.Errorf("labelling the probe for SELinux: %w", err)
	}
	return nil
}

func hasSystemd(e *edit.Reader) bool {
	return e.Exists("/usr/lib/systemd/systemd") || e.Exists("/lib/systemd/systemd")
}

func startBySystemd(e *edit.Editor) (bool, error) {
	if !hasSystemd(e.Reader) {
		return false, nil
	}
	if err := e.Write(unitPath, unit, 0o644, "start the probe"); err != nil {
		return false, err
	}
	return true, link(e, "../"+unitName, wantsPath)
}

// startByInittab serves SysV's init and BusyBox's, and OpenRC under either.
func startByInittab(e *edit.Editor) (bool, error) {
	text, ok, err := e.Read(inittabPath)
	if err != nil || !ok {
		return false, err
	}
	edited, ok := withProbe(text)
	if !ok {
		return false, nil
	}
	return true, e.Write(inittabPath, edited, 0o644, "start the probe")
}

// withProbe is an inittab(5) that starts the probe as well. An inittab of comments
// alone is no init's.
func withProbe(text string) (string, bool) {
	isBusyBox, hasLevels, entries := false, false, 0
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		fields := strings.SplitN(line, ":", 4)
		if strings.HasPrefix(line, "#") || len(fields) != 4 {
			continue
		}
		// BusyBox has a terminal for the name, and no runlevels; SysV needs a name, and
		// a level to be in.
		isBusyBox, hasLevels = isBusyBox || fields[0] == "", hasLevels || fields[1] != ""
		if fields[2] != "initdefault" {
			entries++
		}
	}
	switch {
	case entries == 0:
		return text, false
	case isBusyBox || !hasLevels:
		// BusyBox goes by what is to be waited for, and not by the order.
		if !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		return text + "::once:" + command + "\n", true
	default:
		// SysV waits for the line that starts the services, so this one is before.
		return "h2kp:2345:once:" + command + "\n" + text, true
	}
}

// startByUpstart serves the init of RHEL 6 and old Ubuntus.
func startByUpstart(e *edit.Editor) (bool, error) {
	if !e.Exists("/etc/init/rc.conf") {
		return false, nil
	}
	return true, e.Write(upstartPath, "start on stopped rc\nexec "+command+"\n", 0o644, "start the probe")
}

// startByOpenRC serves OpenRC's own init, which has no inittab.
func startByOpenRC(e *edit.Editor) (bool, error) {
	if !e.Exists("/sbin/openrc-init") || !e.Exists("/etc/init.d/local") {
		return false, nil
	}
	if err := e.Write(localPath, "#!/bin/sh\n"+command+" &\n", 0o755, "start the probe"); err != nil {
		return false, err
	}
	if _, err := e.Lstat(localLink); err == nil {
		return true, nil
	}
	return true, link(e, "/etc/init.d/local", localLink)
}

func link(e *edit.Editor, target, name string) error {
	if err := e.Symlink(target, name); err != nil {
		return err
	}
	e.Record(report.Change{Path: name, Action: report.ActionCreated, Description: "start the probe"})
	return nil
}
