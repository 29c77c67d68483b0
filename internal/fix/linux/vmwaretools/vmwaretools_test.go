package vmwaretools

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

const dpkgTools = `Package: open-vm-tools
Status: install ok installed
Provides: vm-tools (= 2)
Depends: libc6 (>= 2.34), libfuse3-3

Package: open-vm-tools-desktop
Status: deinstall ok config-files
Depends: open-vm-tools

Package: open-vm-tools-dkms
Status: purge ok not-installed

`

func TestRemoveVMwareTools(t *testing.T) {
	t.Parallel()
	purge := "dpkg --purge open-vm-tools open-vm-tools-desktop"
	rpmList := "rpm -qa --qf %{NAME}\n"
	tarball := map[string]string{
		"/usr/bin/vmware-uninstall-tools.pl":        "x",
		"/etc/vmware-tools/locations":               "answer BINDIR /usr/bin\nfile /usr/bin/vmware-user 1234\ndirectory /usr/share/vmt\nfile /usr/share/vmt/a\nfile /etc/fstab\nfile /usr/bin/kept\nremove_file /usr/bin/kept\ndirectory /usr/share/used\n",
		"/usr/bin/vmware-user":                      "x",
		"/usr/share/vmt/a":                          "x",
		"/usr/share/used/b":                         "x",
		"/usr/bin/kept":                             "x",
		"/etc/fstab":                                "x",
		"/usr/lib/vmware-tools/sbin/vmtoolsd":       "x",
		"/etc/init.d/vmware-tools":                  "x",
		"/etc/rc3.d/S20vmware-tools":                "-> ../init.d/vmware-tools",
		"/etc/systemd/system/vmware-tools.service":  "x",
		"/etc/yum.repos.d/vmware-tools.repo":        "[vmware-tools]\nbaseurl=http://packages.vmware.com/tools/esx/5.0/rhel6/x86_64\n",
		"/etc/yum.repos.d/mixed.repo":               "[a]\nbaseurl=http://packages.vmware.com/tools/esx\n[b]\nbaseurl=https://example.org/\n",
		"/etc/apt/sources.list.d/vmware-tools.list": "# http://example.org\ndeb http://packages.vmware.com/tools/esx/5.0/ubuntu precise main\n",
		"/etc/apt/sources.list.d/other.list":        "deb http://deb.debian.org/debian bookworm main\n",
	}
	for name, test := range map[string]struct {
		files   map[string]string
		answers map[string]guesttest.Answer
		calls   []string
		warns   []string
		changes int
		gone    []string
		kept    []string
	}{
		"dpkg": {
			files:   map[string]string{dpkgStatus: dpkgTools},
			answers: map[string]guesttest.Answer{purge: {}},
			calls:   []string{purge},
			changes: 1,
		},
		"dpkg, needed": {
			files: map[string]string{dpkgStatus: dpkgTools + "Package: ubuntu-server\nStatus: install ok installed\nDepends: byobu, open-vm-tools:any\n"},
			warns: []string{"ubuntu-server cannot do without open-vm-tools"},
		},
		"dpkg, needed by alternative": {
			files: map[string]string{dpkgStatus: dpkgTools +
				"Package: agent\nStatus: install ok installed\nDepends: vm-tools | qemu-guest-agent\n\nPackage: qemu-guest-agent\nStatus: install ok installed\n"},
			answers: map[string]guesttest.Answer{purge: {}},
			calls:   []string{purge},
			changes: 1,
		},
		"dpkg fails": {
			files:   map[string]string{dpkgStatus: dpkgTools},
			answers: map[string]guesttest.Answer{purge: {Err: errors.New("prerm failed")}},
			calls:   []string{purge},
			warns:   []string{"prerm failed"},
		},
		"nothing": {
			files: map[string]string{dpkgStatus: "Package: libc6\nStatus: install ok installed\n"},
			warns: []string{"Could not remove VMware tools: package not found"},
		},
		"rpm": {
			files: map[string]string{"/var/lib/rpm/rpmdb.sqlite": ""},
			answers: map[string]guesttest.Answer{
				rpmList: {Output: "bash\nopen-vm-tools-desktop\nopen-vm-tools\n"}, "rpm -e open-vm-tools open-vm-tools-desktop": {},
			},
			calls:   []string{rpmList, "rpm -e open-vm-tools open-vm-tools-desktop"},
			changes: 1,
		},
		"tarball": {
			files:   tarball,
			changes: 3,
			gone: []string{"/usr/bin/vmware-user", "/usr/share/vmt", "/usr/lib/vmware-tools", "/etc/vmware-tools", "/etc/init.d/vmware-tools",
				"/etc/rc3.d/S20vmware-tools", "/etc/systemd/system/vmware-tools.service", "/usr/bin/vmware-uninstall-tools.pl",
				"/etc/yum.repos.d/vmware-tools.repo", "/etc/apt/sources.list.d/vmware-tools.list"},
			kept: []string{"/usr/bin/kept", "/etc/fstab", "/usr/share/used/b", "/etc/yum.repos.d/mixed.repo", "/etc/apt/sources.list.d/other.list"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runner := &guesttest.Runner{Answers: test.answers}
			tree := guesttest.New(t, test.files)
			e := edittest.New(t, edit.Guest{FS: tree, Runner: runner})
			if err := Remove(t.Context(), e); err != nil {
				t.Fatal(err)
			}
			changes, warnings := e.Take()
			var calls []string
			for _, c := range runner.Calls() {
				calls = append(calls, strings.Join(c.Argv, " "))
			}
			if diff := cmp.Diff(test.calls, calls); diff != "" {
				t.Error(diff)
			}
			if len(changes) != test.changes {
				t.Errorf("changes: %+v", changes)
			}
			if len(warnings) != len(test.warns) {
				t.Errorf("warnings: %+v", warnings)
			}
			for i, w := range warnings {
				if i < len(test.warns) && !strings.Contains(w.Message, test.warns[i]) {
					t.Errorf("warning %q, want one with %q", w.Message, test.warns[i])
				}
			}
			for _, path := range test.gone {
				if _, err := tree.Lstat(path); err == nil {
					t.Errorf("%s is still there", path)
				}
			}
			for _, path := range test.kept {
				if _, err := tree.Lstat(path); err != nil {
					t.Errorf("%s: %v", path, err)
				}
			}
		})
	}
}

func TestRemoveVMwareToolsCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	e := edittest.New(t, edit.Guest{FS: guesttest.New(t, map[string]string{dpkgStatus: dpkgTools}), Runner: &guesttest.Runner{}})
	if err := Remove(ctx, e); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
