package inject

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

const (
	consolePassword = "console-test"
	consoleHash     = "$6$testguest0$1xSOMLscCYkPfkYkhYi077Sxt9esBO2cyj/vnEqNpRqDdSjEjOx.JV7efPULUocXUCmfdY0gXpu31orB2CHzH1"
)

// TestAccInjectedGuest boots real guests and looks at what was injected, over
// SSH with the injected key and on the console with the injected password.
func TestAccInjectedGuest(t *testing.T) {
	if os.Getenv("TF_ACC") == "" || os.Getenv("HYPER2KVM_TEST_FULL") == "" {
		t.Skip("builds and boots real guests, for many minutes: set TF_ACC=1 and HYPER2KVM_TEST_FULL=1 or run make testacc-full")
	}
	for _, program := range []string{"ssh", "ssh-keygen", "qemu-img"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed", program)
		}
	}
	for _, suite := range []testguest.Suite{testguest.Bullseye, testguest.Bookworm, testguest.Trixie} {
		t.Run(string(suite), func(t *testing.T) { testInjectedGuest(t, suite) })
	}
}

func testInjectedGuest(t *testing.T, suite testguest.Suite) {
	recipe, err := testguest.Lookup(testguest.Flagship)
	if err != nil {
		t.Fatal(err)
	}
	// It boots on virtio as it is: only what is injected is looked at here.
	recipe.Name = "inject-" + string(suite)
	recipe.Bootstrap.Suite = suite
	recipe.Bootstrap.Packages = append(slices.Clone(recipe.Bootstrap.Packages), "sudo", "cron")
	recipe.GRUBDefaults = nil
	recipe.Layout.Filesystems = slices.Clone(recipe.Layout.Filesystems)
	for i := range recipe.Layout.Filesystems {
		recipe.Layout.Filesystems[i].Source = testguest.SourceUUID
	}
	source, err := testguest.Build(t.Context(), recipe)
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	disk := filepath.Join(directory, "disk.qcow2")
	run(t, "qemu-img", "create", "-q", "-f", "qcow2", "-F", "vmdk", "-b", source, disk)
	key := filepath.Join(directory, "key")
	run(t, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "deploy@test", "-f", key)
	public, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	options := Options{
		Users: Users{Create: []User{{
			Name: "deploy", UID: ptr(1500), Password: consoleHash, Groups: []string{"adm", "operators"}, Shell: "/bin/bash",
			SSHAuthorizedKeys: []string{string(public)}, Sudo: []string{"ALL=(ALL) NOPASSWD: ALL"},
		}}},
		Services:       Services{Enable: []string{"sshd", "fstrim.timer"}, Disable: []string{"networking"}, Mask: []string{"cron"}},
		Hostname:       Hostname{Hostname: "injected", Domain: "example.com", Hosts: []Host{{"10.9.8.7", "database.example.com database"}}},
		ResetMachineID: true,
		Network: Network{SystemdNetworkd: []File{{"10-lan.network",
			"[Match]\nName=en*\n\n[Network]\nAddress=192.0.2.50/24\nGateway=192.0.2.2\n"}}},
		FirstBoot: []Script{{"mark", "id -u > /root/first-boot-ran\n"}},
	}
	injectInto(t, disk, options)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	machine, err := testguest.Start(ctx, testguest.BootOptions{
		Disks:    []testguest.BootDisk{{Path: disk}},
		Forwards: []testguest.Forward{{HostPort: port, GuestAddress: "192.0.2.50", GuestPort: 22}},
		Log:      t.Output(),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer machine.Close() //nolint:errcheck // what counts was seen before
	if state, err := machine.WaitState(ctx, ""); err != nil || state != testguest.StateLogin {
		t.Fatalf("the guest came to %s, %v", state, err)
	}
	checkOverSSH(t, ctx, key, port)
	checkOnConsole(t, ctx, machine.Console)
}

// injectInto runs Run over the image in an appliance.
func injectInto(t *testing.T, disk string, options Options) {
	session, err := guest.Open(t.Context(), []guest.Drive{{Path: disk, Format: "qcow2"}}, guest.Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	closed := false
	defer func() {
		if !closed {
			_ = session.Close()
		}
	}()
	systems, err := session.Inspect()
	if err != nil || len(systems) != 1 {
		t.Fatalf("systems: %v, %v", systems, err)
	}
	if _, _, err := session.MountGuest(systems[0]); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	counted := newCountingFS(session)
	target := Target{FS: counted, Runner: session, OS: systems[0]}
	injection, err := Prepare(t.Context(), target, options)
	if err != nil {
		t.Fatal(err)
	}
	result, warnings, err := injection.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("injected in %s: %d changes; %s", time.Since(start).Round(time.Millisecond), len(result.Changes), counted)
	wantWarnings(t, warnings, `no group "operators"`)
	if again, _, err := injection.Run(t.Context()); err != nil || len(again.Changes) > 0 {
		t.Errorf("the second run is not idle: %+v, %v", again.Changes, err)
	}
	closed = true
	if err := session.Close(); err != nil {
		t.Fatal(err)
	}
}

func checkOverSSH(t *testing.T, ctx context.Context, key string, port int) {
	script := `id; echo home $(stat -c '%a %U:%G' ~ ~/.ssh ~/.ssh/authorized_keys); sudo -n id -un
echo name $(hostname) $(hostname -f); getent hosts database; getent ahostsv4 injected | head -1
systemctl is-enabled ssh fstrim.timer systemd-networkd networking cron; systemctl is-active systemd-networkd
for i in 1 2 3 4 5 6 7 8 9 10; do sudo test -e /root/first-boot-ran -a ! -e ` + firstBootDirectory + ` && break; sleep 3; done
echo first $(sudo cat /root/first-boot-ran) $(sudo ls ` + unitDirectory + `/` + firstBootUnit + ` 2>&1)
echo machine $(wc -c < /etc/machine-id); sudo grep deploy /etc/subuid`
	var out []byte
	var err error
	// sshd may be up a little after the login prompt.
	for ctx.Err() == nil {
		out, err = exec.CommandContext(ctx, "ssh", "-i", key, "-p", fmt.Sprint(port), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
			"-o", "BatchMode=yes", "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=20", "deploy@127.0.0.1", script).CombinedOutput()
		if !strings.Contains(string(out), "onnection") && !strings.Contains(string(out), "banner") {
			break
		}
		select {
		case <-ctx.Done():
		case <-time.After(2 * time.Second):
		}
	}
	t.Logf("over SSH (%v):\n%s", err, out)
	for _, want := range []string{
		`uid=1500\(deploy\) gid=1500\(deploy\) groups=1500\(deploy\),4\(adm\),\d+\(operators\)`,
		`home 700 deploy:deploy 700 deploy:deploy 600 deploy:deploy\nroot\n`,
		`name injected injected.example.com\n10.9.8.7 +database.example.com database\n127.0.1.1 `,
		`enabled\nenabled\nenabled\ndisabled\nmasked\nactive\n`,
		`first 0 ls: cannot access`,
		`machine 33\n`,
		`deploy:\d+:65536`,
	} {
		if !regexp.MustCompile(want).Match(out) {
			t.Errorf("no match for %q", want)
		}
	}
}

func checkOnConsole(t *testing.T, ctx context.Context, console *testguest.Console) {
	for _, step := range []struct {
		expect *regexp.Regexp
		send   string
	}{
		{regexp.MustCompile(`injected login:`), "deploy\n"},
		{regexp.MustCompile(`Password: ?$`), consolePassword + "\n"},
		{regexp.MustCompile(`deploy@injected:~\$ ?$`), "echo user-$(id -un)\n"},
		{regexp.MustCompile(`(?m)^user-deploy`), ""},
	} {
		if _, _, err := console.Expect(ctx, step.expect); err != nil {
			t.Fatal(err)
		}
		if err := console.Send(step.send); err != nil {
			t.Fatal(err)
		}
	}
}

func run(t *testing.T, program string, args ...string) {
	t.Helper()
	if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", program, err, out)
	}
}
