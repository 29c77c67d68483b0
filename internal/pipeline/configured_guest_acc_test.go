package pipeline_test

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

const (
	deployPassword = "console-test"
	deployHash     = "$6$testguest0$1xSOMLscCYkPfkYkhYi077Sxt9esBO2cyj/vnEqNpRqDdSjEjOx.JV7efPULUocXUCmfdY0gXpu31orB2CHzH1"
	deployAddress  = "192.0.2.50"
)

// configuredCase is a guest that gets a new address, name and user.
type configuredCase struct {
	recipe string
	nic    string
	// network is the file name for systemd-networkd, and stop what else
	// configures the card.
	network string
	stop    []string
	// tools says that VMware's tools are removed, which the configuration
	// disables too.
	tools bool
}

var configuredCases = []configuredCase{
	{recipe: "debian11-bios-hda", nic: "eth0", network: "10-lan.network", stop: []string{"networking", "ifup@eth0"}, tools: true},
	{recipe: "debian12-bios-sda1", nic: "ens192", network: "10-lan.network", stop: []string{"networking", "ifup@ens192"}},
	{recipe: "debian13-uefi-systemd-boot", nic: "ens192", network: "05-lan.network"},
}

// TestAccConfiguredGuestsBoot migrates guests with a configuration section and
// looks at what came of it: over SSH with the injected key, and on the console
// with the injected password.
func TestAccConfiguredGuestsBoot(t *testing.T) {
	t.Parallel()
	requireFullMatrix(t)
	for _, c := range configuredCases {
		t.Run(c.recipe, func(t *testing.T) {
			t.Parallel()
			testConfiguredGuest(t, c)
		})
	}
}

func testConfiguredGuest(t *testing.T, c configuredCase) {
	recipe, err := testguest.Lookup(c.recipe)
	if err != nil {
		t.Fatal(err)
	}
	recipe.Name += "-sudo"
	recipe.Bootstrap.Packages = append(slices.Clone(recipe.Bootstrap.Packages), "sudo", "cron")
	recipe.Commands = append(slices.Clone(recipe.Commands), "systemctl disable fstrim.timer")
	key, err := testguest.NewKey(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	m := migration(build(t, recipe), t.TempDir())
	m.Pipeline.Fix.RemoveVMwareTools = c.tools
	m.Configuration = deployConfiguration(c, key.Public)
	r, err := pipeline.Run(t.Context(), m, pipeline.Options{Acceleration: "auto"})
	if err != nil {
		t.Fatalf("the migration failed: %v\n%+v", err, r.Errors)
	}
	logStages(t, r)
	checkInjected(t, m, r)

	port, err := testguest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 9*time.Minute)
	defer cancel()
	started := time.Now()
	machine, err := testguest.Start(ctx, testguest.BootOptions{
		Disks:    []testguest.BootDisk{{Path: m.OutputPath(), Format: "qcow2"}},
		Firmware: recipe.Firmware,
		Forwards: []testguest.Forward{{HostPort: port, GuestAddress: deployAddress, GuestPort: 22}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = machine.Close() }() // what counts was seen before
	if state, err := machine.WaitState(ctx, ""); err != nil || state != testguest.StateLogin {
		t.Fatalf("the guest came to %q, %v\n%s", state, err, tail(machine.Console.Text()))
	}
	t.Logf("login prompt after %s", time.Since(started).Round(time.Second))
	checkOverSSH(ctx, t, c, testguest.Login{User: "deploy", Key: key, Port: port})
	checkOnConsole(ctx, t, machine.Console)
}

func deployConfiguration(c configuredCase, publicKey string) *manifest.Configuration {
	uid := 1500
	return &manifest.Configuration{
		Users: &manifest.Users{Create: []manifest.User{{
			Name: "deploy", UID: &uid, Comment: "Deployment", Password: deployHash, Groups: []string{"adm", "operators"}, Shell: "/bin/bash",
			SSHAuthorizedKeys: []string{publicKey}, Sudo: []string{"ALL=(ALL) NOPASSWD: ALL"},
		}}},
		Services: &manifest.Services{
			Enable: []string{"sshd", "fstrim.timer"}, Disable: []string{"vmware-tools"}, Mask: append([]string{"cron"}, c.stop...),
		},
		Hostname: &manifest.Hostname{
			Hostname: "injected", Domain: "example.com", Hosts: []manifest.Host{{IP: "10.9.8.7", Hostname: "database.example.com database"}},
		},
		MachineID: manifest.MachineIDReset,
		Network: &manifest.Network{SystemdNetworkd: []manifest.NetworkFile{{
			Filename: c.network, Content: "[Match]\nName=" + c.nic + "\n\n[Network]\nAddress=" + deployAddress + "/24\nGateway=192.0.2.2\n",
		}}},
		FirstBoot: []manifest.Script{{Name: "mark", Content: "id -u > /root/first-boot-ran # SCRIPT\n"}},
	}
}

// checkInjected looks at the report: all that was done is in it, and no secret.
func checkInjected(t *testing.T, m *manifest.Manifest, r *report.Report) {
	t.Helper()
	text, err := os.ReadFile(m.ReportPath())
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{deployHash, "testguest0", deployAddress, "SCRIPT"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the report shows %q", secret)
		}
	}
	injected := resultOf[report.FixResult](t, r).Configuration
	if injected == nil {
		t.Fatal("the report tells of no configuration")
	}
	changed := map[string]bool{}
	for _, change := range injected.Changes {
		changed[change.Path] = true
	}
	for _, path := range []string{"/etc/passwd", "/etc/shadow", "/home/deploy/.ssh/authorized_keys", "/etc/sudoers.d/zz-hyper2kvm-deploy", "/etc/hostname", "/etc/hosts", "/etc/machine-id"} {
		if !changed[path] {
			t.Errorf("the report does not list %s", path)
		}
	}
	for _, warning := range r.Warnings {
		known := strings.Contains(warning.Message, "KVM") || strings.Contains(warning.Message, `no group "operators"`) ||
			strings.Contains(warning.Message, `no service "vmware-tools"`) && !strings.Contains(m.Source.Path, "debian11")
		if !known {
			t.Errorf("unexpected warning: %s", warning.Message)
		}
	}
}

func checkOverSSH(ctx context.Context, t *testing.T, c configuredCase, login testguest.Login) {
	t.Helper()
	const script = `id; echo home $(stat -c '%a %U:%G' ~ ~/.ssh ~/.ssh/authorized_keys); sudo -n id -un; sudo -n -l | tail -1
echo name $(hostname) $(hostname -f); getent hosts database; getent ahostsv4 injected | head -1
systemctl is-enabled ssh fstrim.timer systemd-networkd cron; systemctl is-active ssh fstrim.timer systemd-networkd
echo addresses $(ip -4 -o addr show scope global | tr -s ' ' | cut -d' ' -f2,4); echo route $(ip -4 route show default)
for i in $(seq 60); do sudo test -e /root/first-boot-ran -a ! -e /usr/local/libexec/hyper2kvm && break; sleep 1; done
echo first $(sudo cat /root/first-boot-ran) $(sudo ls /etc/systemd/system/hyper2kvm-first-boot.service 2>&1)
echo machine $(wc -c < /etc/machine-id); sudo grep deploy /etc/subuid`
	out, err := login.Run(ctx, script)
	t.Logf("over SSH (%v):\n%s", err, out)
	for _, want := range []string{
		`uid=1500\(deploy\) gid=1500\(deploy\) groups=1500\(deploy\),4\(adm\),\d+\(operators\)`,
		`home 700 deploy:deploy 700 deploy:deploy 600 deploy:deploy\nroot\n`,
		`\(ALL\) NOPASSWD: ALL\n`,
		`name injected injected.example.com\n10.9.8.7 +database.example.com database\n127.0.1.1 `,
		`enabled\nenabled\nenabled\nmasked\nactive\nactive\nactive\n`,
		`addresses ` + c.nic + ` ` + deployAddress + `/24\n`,
		`route default via 192.0.2.2 dev ` + c.nic,
		`first 0 ls: cannot access`,
		`machine 33\n`,
		`deploy:\d+:65536`,
	} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("no match for %q", want)
		}
	}
}

func checkOnConsole(ctx context.Context, t *testing.T, console *testguest.Console) {
	t.Helper()
	for _, step := range []struct {
		expect *regexp.Regexp
		send   string
	}{
		{regexp.MustCompile(`injected login:`), "deploy\n"},
		{regexp.MustCompile(`Password: ?$`), deployPassword + "\n"},
		{regexp.MustCompile(`deploy@injected:~\$ ?$`), "echo user-$(id -un)\n"},
		{regexp.MustCompile(`(?m)^user-deploy`), ""},
	} {
		if _, _, err := console.Expect(ctx, step.expect); err != nil {
			t.Fatalf("%v\n%s", err, tail(console.Text()))
		}
		if err := console.Send(step.send); err != nil {
			t.Fatal(err)
		}
	}
}
