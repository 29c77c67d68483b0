package probe

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/boot"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/network"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

// TestProgram runs the probe on this host, in the shells that there are: with the
// programs of this host, with an ifconfig of either age, and with none at all.
func TestProgram(t *testing.T) {
	t.Parallel()
	hostname, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	const alone = "PATH=/nowhere\nsleep() { :; }\n"
	card := anyCard(t)
	ifconfig := func(name, line string) string {
		return alone + "ifconfig() { printf '%s\\n' '" + name + "' '" + line + "' '          UP BROADCAST' '' 'lo  Link encap:Local' '          inet addr:127.0.0.1  Mask:255.0.0.0'; }\n"
	}
	programs := map[string]string{
		"all": "", "none": alone,
		"old ifconfig": ifconfig(card+"      Link encap:Ethernet", "          inet addr:198.51.100.7  Bcast:198.51.100.255  Mask:255.255.255.0"),
		"new ifconfig": ifconfig(card+": flags=4163<UP>  mtu 1500", "        inet 198.51.100.7  netmask 255.255.255.0  broadcast 198.51.100.255"),
	}
	for name, shell := range shells {
		for has, setting := range programs {
			t.Run(name+" "+has, func(t *testing.T) {
				t.Parallel()
				// BusyBox may have its programs in itself.
				if shell[0] == "busybox" && setting != "" {
					setting += "command() { [ \"$2\" = ifconfig ] && [ " + strconv.Quote(has) + " != none ]; }\n"
				}
				facts, said := runProgram(t, shell, setting, nil)
				root := false
				for _, mount := range facts.Mounts {
					root = root || mount.Path == "/"
				}
				if facts.Hostname != hostname || facts.Kernel == "" || facts.Seconds <= 0 || facts.SELinux == "" || !root || facts.AddressesUnknown != (has == "none") {
					t.Errorf("it said %s", said)
				}
				is, _ := facts.Card(card)
				known := slices.ContainsFunc(is.Addresses, func(p netip.Prefix) bool { return p.String() == "198.51.100.7/24" })
				if known != strings.Contains(has, "ifconfig") {
					t.Errorf("of %s it said %v", card, is.Addresses)
				}
			})
		}
	}
}

// anyCard is an interface of this host.
func anyCard(t *testing.T) string {
	t.Helper()
	entries, err := os.ReadDir("/sys/class/net")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if _, err := os.Stat(filepath.Join("/sys/class/net", entry.Name(), "address")); err == nil && entry.Name() != "lo" {
			return entry.Name()
		}
	}
	t.Skip("this host has no network interface")
	return ""
}

// shells are those that guests have, by their names on this host.
var shells = map[string][]string{"sh": {"sh"}, "bash": {"bash", "--posix"}, "BusyBox": {"busybox", "sh"}}

// TestProgramTellsSELinux reads the mode where the kernels have it, which end the
// file behind its only character. It is not known from this host.
func TestProgramTellsSELinux(t *testing.T) {
	t.Parallel()
	for name, shell := range shells {
		for mode, test := range map[string]struct {
			files map[string]string
			want  string
		}{
			"enforcing":               {map[string]string{"sys/fs/selinux/enforce": "1"}, "enforcing"},
			"permissive":              {map[string]string{"sys/fs/selinux/enforce": "0"}, "permissive"},
			"enforcing, of RHEL 6":    {map[string]string{"selinux/enforce": "1"}, "enforcing"},
			"permissive, of RHEL 6":   {map[string]string{"selinux/enforce": "0"}, "permissive"},
			"none in the kernel":      {nil, "disabled"},
			"a file that is no mode":  {map[string]string{"sys/fs/selinux/enforce": ""}, "disabled"},
			"a folder that is no use": {map[string]string{"sys/fs/selinux/policyvers": "33"}, "disabled"},
		} {
			t.Run(name+" "+mode, func(t *testing.T) {
				t.Parallel()
				if facts, said := runProgram(t, shell, "PATH=/usr/bin:/bin\nsleep() { :; }\n", test.files); facts.SELinux != test.want {
					t.Errorf("it said %s", said)
				}
			})
		}
	}
}

// TestProgramWaitsForScripts: without systemd the guest is up when its init has run
// all scripts, whichever program does that.
func TestProgramWaitsForScripts(t *testing.T) {
	t.Parallel()
	for name, shell := range shells {
		for program, waits := range map[string]bool{"rc": true, "rcS": true, "startpar": true, "openrc": true, "sshd": false, "openrc-run": false} {
			t.Run(name+" "+program, func(t *testing.T) {
				t.Parallel()
				// The program ends when the probe sleeps for the second time.
				slept := filepath.Join(t.TempDir(), "slept")
				setting := "PATH=/usr/bin:/bin\nsleep() { [ ! -e " + slept + " ] || rm @DIRECTORY@/proc/7/stat; echo $1 >>" + slept + "; }\n"
				facts, _ := runProgram(t, shell, setting, map[string]string{"proc/7/stat": "7 (" + program + ") S 1 7 7 0 -1\n", "proc/8/stat": "8 (tmux: server) S 1"})
				times, err := os.ReadFile(slept)
				if waited := strings.Count(string(times), "\n") > 1; err != nil || waited != waits || facts.Boot != boot.ProgressDone {
					t.Errorf("it waited: %t, %v, and says %q", waited, err, facts.Boot)
				}
			})
		}
	}
}

// TestProgramWaitsForAddresses: the longer the guest took to start, the longer it may
// take until it has its addresses, but no longer than the boot. What it knows before, and
// that it waits, is told at once.
func TestProgramWaitsForAddresses(t *testing.T) {
	t.Parallel()
	const late = `PATH=/usr/bin:/bin
clock=@DIRECTORY@/proc/uptime
sleep() { read -r up rest <$clock; echo "$((up + $1)) 0" >$clock; }
ip() { read -r up rest <$clock; [ "$up" -lt %d ] || echo "2: ens192    inet 192.0.2.10/24 scope global ens192"; }
`
	wanted := Expected{Interfaces: []network.Configured{{Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.10")}}}}
	for name, shell := range shells {
		for is, test := range map[string]struct {
			started, limit, comes int
			seen                  bool
		}{
			"soon":                    {20, 600, 25, true},
			"late":                    {20, 600, 60, false},
			"late on a slow host":     {112, 600, 160, true},
			"never on a slow host":    {112, 600, 9000, false},
			"late, and the time over": {590, 600, 700, false},
			"soon, and the time over": {599, 600, 606, true},
		} {
			t.Run(name+" "+is, func(t *testing.T) {
				t.Parallel()
				// BusyBox may have its programs in itself.
				setting := fmt.Sprintf(late, test.comes)
				said := runExpecting(t, shell, wanted, time.Duration(test.limit)*time.Second, setting, map[string]string{"proc/uptime": strconv.Itoa(test.started-2) + " 0\n"})
				if seen := strings.Contains(said, "address ens192 192.0.2.10/24\n"); seen != test.seen {
					t.Errorf("it said %s", said)
				}
				reports := strings.SplitAfter(said, "\nend\n")
				if len(reports) != 3 || reports[2] != "" {
					t.Fatalf("it said %s", said)
				}
				before, whole, err := boot.ParseFacts(reports[0])
				if err != nil || !whole || !before.Waiting || before.Boot != boot.ProgressDone || before.Seconds > float64(test.started)+2 {
					t.Errorf("it said %s: %v", reports[0], err)
				}
				after, whole, err := boot.ParseFacts(said)
				if err != nil || !whole || after.Waiting {
					t.Errorf("it said %s: %v", said, err)
				}
				if took := int(after.Seconds); took > max(test.started*3/2+12, test.started+12) || took > max(test.limit, test.started+10)+2 {
					t.Errorf("it waited until %d", took)
				}
			})
		}
	}
}

// runProgram runs the probe in a shell, with a line of shell in front, where the
// kernel has files of these names and texts.
func runProgram(t *testing.T, shell []string, setting string, files map[string]string) (boot.Facts, []byte) {
	t.Helper()
	said := runExpecting(t, shell, Expected{}, 0, setting, files)
	facts, complete, err := boot.ParseFacts(said)
	if err != nil || !complete {
		t.Fatalf("it said %s: %v", said, err)
	}
	return facts, []byte(said)
}

// runExpecting is runProgram for a guest of which that is expected, within the limit. It
// returns what the probe says.
func runExpecting(t *testing.T, shell []string, wanted Expected, limit time.Duration, setting string, files map[string]string) string {
	t.Helper()
	program, err := exec.LookPath(shell[0])
	if err != nil {
		t.Skipf("this host has no %s", shell[0])
	}
	directory := t.TempDir()
	port := filepath.Join(directory, "dev", "vport1p2")
	all := map[string]string{"dev/vport1p2": "", "ports/vport1p2/name": boot.ProbePort + "\n"}
	maps.Copy(all, files)
	for name, text := range all {
		path := filepath.Join(directory, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	// This host's systemd may never be done.
	moved := []string{"/sys/class/virtio-ports", filepath.Join(directory, "ports"), "port=/dev/", "port=" + filepath.Join(directory, "dev") + "/", "/run/systemd/system", "/run/none",
		"/sys/fs/selinux/", filepath.Join(directory, "sys/fs/selinux") + "/", " /selinux/", " " + filepath.Join(directory, "selinux") + "/",
		"/proc/[0-9]*/stat", filepath.Join(directory, "proc") + "/[0-9]*/stat",
	}
	if _, ok := files["proc/uptime"]; ok {
		moved = append(moved, "/proc/uptime", filepath.Join(directory, "proc", "uptime"))
	}
	if setting != "" {
		moved = append(moved, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n", strings.ReplaceAll(setting, "@DIRECTORY@", directory))
	}
	path := filepath.Join(directory, "program")
	if err := os.WriteFile(path, []byte(strings.NewReplacer(moved...).Replace(installed(t, wanted, limit))), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, append(slices.Clone(shell[1:]), path)...)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("it ended with %v: %s", err, out)
	}
	said, err := os.ReadFile(port)
	if err != nil {
		t.Fatal(err)
	}
	return string(said)
}

// installed is the probe as it is installed.
func installed(t *testing.T, wanted Expected, limit time.Duration) string {
	t.Helper()
	e := edittest.Of(t, guesttest.New(t, map[string]string{"/lib/systemd/systemd": "x"}))
	if err := Install(t.Context(), e, wanted, limit); err != nil {
		t.Fatal(err)
	}
	text, _, err := e.Read(programPath)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
