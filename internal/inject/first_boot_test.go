package inject

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

func TestFirstBoot(t *testing.T) {
	t.Parallel()
	g := newGuest(t, debianFiles)
	result, warnings := g.inject(manifest.Configuration{FirstBoot: []manifest.Script{{Name: "setup", Content: "echo CANARY"}, {Name: "again.sh", Content: "#!/bin/bash\r\necho\r\n"}}})
	wantWarnings(t, warnings, "Windows line ends")
	for name, want := range map[string]string{
		firstBootDirectory + "/scripts/000-setup":    "#!/bin/sh\necho CANARY\n",
		firstBootDirectory + "/scripts/001-again.sh": "#!/bin/bash\necho\n",
	} {
		if got := g.read(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		if got := g.attributes(name); got != (attributes{0o700, 0, 0}) {
			t.Errorf("%s: %v", name, got)
		}
	}
	wantLinks(t, g, unitDirectory, debianFiles, nil, map[string]string{
		"multi-user.target.wants/" + firstBootUnit: unitDirectory + "/" + firstBootUnit,
	})
	if strings.Contains(everything(result, warnings), "CANARY") {
		t.Error("the script is shown")
	}
}

// TestFirstBootRunner runs the injected runner on the host, with its paths
// moved into a directory of the test.
func TestFirstBootRunner(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	runner := strings.NewReplacer(firstBootDirectory, root+firstBootDirectory, unitDirectory, root+unitDirectory).Replace(firstBootRunner)
	scripts := filepath.Join(root, firstBootDirectory, "scripts")
	wants := filepath.Join(root, unitDirectory, "multi-user.target.wants")
	for _, directory := range []string{scripts, wants, filepath.Join(root, "bin")} {
		if err := os.MkdirAll(directory, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range map[string]string{
		filepath.Join(scripts, "000-good"):                "#!/bin/sh\necho one >> " + root + "/log\n",
		filepath.Join(scripts, "001-bad"):                 "#!/bin/sh\nexit 3\n",
		filepath.Join(scripts, "002-last"):                "#!/bin/sh\necho two >> " + root + "/log\n",
		filepath.Join(root, firstBootDirectory, "run"):    runner,
		filepath.Join(root, unitDirectory, firstBootUnit): "x",
		filepath.Join(wants, firstBootUnit):               "x",
		filepath.Join(root, "bin/systemctl"):              "#!/bin/sh\necho \"$@\" >> " + root + "/log\n",
	} {
		if err := os.WriteFile(name, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("/bin/sh", filepath.Join(root, firstBootDirectory, "run"))
	cmd.Env = []string{"PATH=" + root + "/bin:/usr/bin:/bin"}
	out, err := cmd.CombinedOutput()
	if err == nil || cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("%v, want exit status 1 for the failed script; output: %s", err, out)
	}
	if !strings.Contains(string(out), "001-bad failed with status 3") {
		t.Errorf("output: %s", out)
	}
	log, err := os.ReadFile(filepath.Join(root, "log"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("one\ntwo\n--no-block daemon-reload\n", string(log)); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	var left []string
	if err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			left = append(left, strings.TrimPrefix(path, root))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/bin/systemctl", "/log", firstBootDirectory + "/scripts/001-bad"}, left); diff != "" {
		t.Errorf("files left (-want +got):\n%s", diff)
	}
}

func TestFirstBootProblems(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		files   map[string]string
		scripts []manifest.Script
		want    string
	}{
		"no systemd":     {alpineFiles, []manifest.Script{{Name: "a", Content: "true"}}, "does not use systemd"},
		"no interpreter": {debianFiles, []manifest.Script{{Name: "a", Content: "#!/usr/bin/python3\n"}}, "has no /usr/bin/python3"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := newGuest(t, tc.files).try(manifest.Configuration{FirstBoot: tc.scripts})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want an error with %q", err, tc.want)
			}
		})
	}
}

func TestDocumentExample(t *testing.T) {
	t.Parallel()
	g := newGuest(t, debianFiles)
	result, warnings := g.inject(manifest.Configuration{
		Users: &manifest.Users{Create: []manifest.User{{Name: "ansible", UID: ptr(1001), Password: "$6$rounds=656000$...", Groups: []string{"wheel"}, Shell: "/bin/bash",
			SSHAuthorizedKeys: []string{"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAACAQ... ansible@controller"}}}},
		Services: &manifest.Services{Enable: []string{"sshd", "nginx", "docker"}, Disable: []string{"vmware-tools", "open-vm-tools"}},
		Hostname: &manifest.Hostname{Hostname: "webserver01", Domain: "prod.example.com", Hosts: documentHosts},
		Network:  &manifest.Network{SystemdNetworkd: []manifest.NetworkFile{{Filename: "10-eth0.network", Content: documentNetwork}}},
	})
	wantWarnings(t, warnings, `group "wheel"`, "cut off", "sshd will ignore it", `"nginx"`, `"docker"`, `"vmware-tools"`, "systemd-resolved")
	if len(result.Changes) < 15 {
		t.Errorf("%d changes", len(result.Changes))
	}
}
