package provider

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// canaries are the secrets of secretConfiguration. Each is to be found in its
// value and nowhere else.
var canaries = append([]string{
	"CANARYpasswordinstate", "CANARYwireguardprivatekey", "CANARYnetplanpassphrase", "CANARYconnectionpsk", "CANARYfirstboottoken",
}, writeOnlyCanaries...)

// writeOnlyCanaries must not even be in state.
var writeOnlyCanaries = []string{"CANARYpasswordwriteonly", luksCanary}

// luksCanary is the only one that is not put into the guest.
const luksCanary = "CANARYlukspassphrase"

// cryptWith makes a hash of the form of openssl passwd -6 around a canary.
func cryptWith(canary string) string {
	const length = 86
	return "$6$saltsalt$" + canary + strings.Repeat("x", length-len(canary))
}

const secretConfiguration = `
terraform {
  required_providers {
    hyper2kvm = { source = "hyper2kvm/hyper2kvm" }
  }
}

variable "password" {
  type      = string
  sensitive = true
}

variable "write_only" {
  type      = string
  ephemeral = true
}

variable "passphrase" {
  type      = string
  ephemeral = true
}

variable "token" {
  type      = string
  sensitive = true
}

provider "hyper2kvm" {
  work_directory = %[4]q
  lock_directory = %[5]q
}

resource "hyper2kvm_migration" "test" {
  metadata = { owner = %[3]q }
  source   = { type = "vmdk", path = %[1]q, luks_keys = [{ key = var.passphrase }] }
  output   = { directory = %[2]q, filename = "web.qcow2" }
  configuration = {
    users = {
      create = [
        { name = "kept", password = var.password },
        { name = "unkept", password_wo = var.write_only, password_wo_version = 1 },
      ]
    }
    network = {
      systemd_networkd = [{ filename = "wg0.netdev", content = "[NetDev]\nName=wg0\nKind=wireguard\n\n[WireGuard]\nPrivateKey=CANARYwireguardprivatekey\n" }]
      netplan          = [{ filename = "60-wifi.yaml", content = "network:\n  wifis:\n    wlan0:\n      access-points:\n        home: {password: CANARYnetplanpassphrase}\n" }]
      network_manager  = [{ filename = "wifi.nmconnection", content = "[connection]\nid=wifi\ntype=wifi\n\n[wifi-security]\npsk=CANARYconnectionpsk\n" }]
    }
    first_boot = [{ name = "join", content = "printf %%s \"${var.token}\" | join-cluster --token-stdin\n" }]
  }
}
`

var secretVariables = fmt.Sprintf("password = %q\nwrite_only = %q\ntoken = %q\npassphrase = %q\n",
	cryptWith("CANARYpasswordinstate"), cryptWith("CANARYpasswordwriteonly"), "CANARYfirstboottoken", luksCanary)

// TestAccSecretsStayHidden looks for every secret of a migration wherever it
// must not be. The engine is this test binary, which shows what it was given.
func TestAccSecretsStayHidden(t *testing.T) {
	requireTerraform(t)
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Run("success", func(t *testing.T) { findSecrets(t, executable, sourceFile(t), fakeEchoes) })
	t.Run("crash", func(t *testing.T) {
		directory, log := t.TempDir(), filepath.Join(t.TempDir(), "trace.log")
		terraform := newCLI(t, executable, map[string]string{
			"main.tf":             fmt.Sprintf(secretConfiguration, sourceFile(t), directory, fakeTells, t.TempDir(), t.TempDir()),
			"secrets.auto.tfvars": secretVariables,
		}, "TF_LOG=TRACE", "TF_LOG_PATH="+log)
		out, err := terraform.try("apply", "-auto-approve", "-no-color")
		if err == nil || !strings.Contains(out, "(secret)") {
			t.Errorf("the engine's last words are not shown: %v\n%s", err, out)
		}
		wantHidden(t, "terraform apply", out, canaries)
		wantHidden(t, "log", readText(t, log), canaries)
	})
}

// TestAccSecretsStayHiddenInAGuest is the same with the engine and a guest that
// users have.
func TestAccSecretsStayHiddenInAGuest(t *testing.T) {
	requireTerraform(t)
	if os.Getenv("HYPER2KVM_TEST_FULL") == "" {
		t.Skip("part of the full matrix: set HYPER2KVM_TEST_FULL=1 or run make testacc-full")
	}
	recipe, err := testguest.Lookup(testguest.Flagship)
	if err != nil {
		t.Fatal(err)
	}
	source, err := testguest.Build(t.Context(), recipe)
	if err != nil {
		t.Fatal(err)
	}
	findSecrets(t, buildProvider(t), source, "ops")
}

func requireTerraform(t *testing.T) {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("needs Terraform: set TF_ACC=1 or run make testacc")
	}
}

// findSecrets plans, applies and looks everywhere.
func findSecrets(t *testing.T, executable, source, owner string) {
	directory, work, temporary := filepath.Join(t.TempDir(), "images"), t.TempDir(), t.TempDir()
	log := filepath.Join(t.TempDir(), "trace.log")
	terraform := newCLI(t, executable, map[string]string{
		"main.tf":             fmt.Sprintf(secretConfiguration, source, directory, owner, work, t.TempDir()),
		"secrets.auto.tfvars": secretVariables,
	}, "TF_LOG=TRACE", "TF_LOG_PATH="+log, "TMPDIR="+temporary, "XDG_CACHE_HOME="+t.TempDir(), "LIBGUESTFS_CACHEDIR=/var/tmp")

	wantHidden(t, "terraform plan", terraform.run("plan", "-no-color", "-out=tfplan"), canaries)
	wantHidden(t, "terraform show of the plan", terraform.run("show", "-no-color", "tfplan"), canaries)
	wantHidden(t, "plan as JSON", terraform.run("show", "-json", "tfplan"), writeOnlyCanaries)

	watch := watchProcesses(t, work, temporary, directory)
	applied := terraform.run("apply", "-no-color", "tfplan")
	watch.end()
	wantHidden(t, "terraform apply", applied, canaries)
	for place, text := range watch.seen {
		t.Errorf("%s was seen in %s", text, place)
	}
	if watch.rounds < 3 {
		t.Errorf("processes were looked at %d times only", watch.rounds)
	}

	// It is no proof that nothing is found where nothing was given.
	image, err := os.ReadFile(filepath.Join(directory, "web.qcow2"))
	if err != nil {
		t.Fatal(err)
	}
	for _, canary := range canaries {
		if !bytes.Contains(image, []byte(canary)) && (canary != luksCanary || owner == fakeEchoes) {
			t.Errorf("%s did not reach the image", canary)
		}
	}
	state := terraform.run("state", "pull")
	wantHidden(t, "state", state, writeOnlyCanaries)
	if !strings.Contains(state, "CANARYpasswordinstate") {
		t.Error("the password is not in state, where it is documented to be")
	}
	wantHidden(t, "terraform show", terraform.run("show", "-no-color"), canaries)
	wantHidden(t, "report", readText(t, filepath.Join(directory, "report.json")), canaries)
	for _, name := range listing(t, directory) {
		if name != "web.qcow2" {
			wantHidden(t, name, readText(t, filepath.Join(directory, name)), canaries)
		}
	}
	for _, place := range []string{work, temporary} {
		if left := listing(t, place); len(left) > 0 {
			t.Errorf("%q were left in %s", left, place)
		}
	}
	if out, err := terraform.try("plan", "-no-color", "-detailed-exitcode"); err != nil {
		t.Errorf("a second plan is not empty: %v\n%s", err, out)
	}
	wantHidden(t, "terraform destroy", terraform.run("destroy", "-no-color", "-auto-approve"), canaries)
	trace := readText(t, log)
	wantHidden(t, "log", trace, canaries)
	for _, part := range []string{"[TRACE] provider.", "Stage load_manifest started", "configuration.users"} {
		if !strings.Contains(trace, part) {
			t.Errorf("the log of %d bytes has no %q: it is not the whole one", len(trace), part)
		}
	}
	t.Logf("looked at all processes %d times, and at %d bytes of log", watch.rounds, len(trace))
}

// wantHidden checks that a text shows none of the secrets.
func wantHidden(t *testing.T, place, text string, secrets []string) {
	t.Helper()
	for _, secret := range secrets {
		if i := strings.Index(text, secret); i >= 0 {
			t.Errorf("%s shows %s: ...%s", place, secret, text[max(0, i-200):min(len(text), i+len(secret)+20)])
		}
	}
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// processWatch looks for secrets in the arguments and the environment of every
// process, and in small files of some directories, over and over.
type processWatch struct {
	end    func()
	seen   map[string]string
	rounds int
}

func watchProcesses(t *testing.T, directories ...string) *processWatch {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := &processWatch{seen: map[string]string{}}
	var ended sync.WaitGroup
	ended.Go(func() {
		const often = 20 * time.Millisecond
		ticker := time.NewTicker(often)
		defer ticker.Stop()
		for {
			w.look(directories)
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	})
	w.end = func() { cancel(); ended.Wait() }
	t.Cleanup(w.end)
	return w
}

func (w *processWatch) look(directories []string) {
	w.rounds++
	var files []string
	for _, pattern := range []string{"/proc/[0-9]*/cmdline", "/proc/[0-9]*/environ"} {
		found, _ := filepath.Glob(pattern)
		files = append(files, found...)
	}
	for _, directory := range directories {
		_ = filepath.WalkDir(directory, func(path string, entry os.DirEntry, err error) error {
			// Images hold what is injected into them.
			if err == nil && entry.Type().IsRegular() && !strings.HasSuffix(path, ".qcow2") {
				files = append(files, path)
			}
			return nil // what vanishes meanwhile cannot be read
		})
	}
	for _, file := range files {
		const most = 1 << 20
		if info, err := os.Stat(file); err != nil || info.Size() > most {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if i := slices.IndexFunc(canaries, func(c string) bool { return bytes.Contains(text, []byte(c)) }); i >= 0 {
			w.seen[file] = canaries[i]
		}
	}
}
