package edit

import (
	"strings"
	"testing"
)

func TestUnifiedDiffHidesSecrets(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	for _, line := range []string{
		"//nas/x /x cifs user=u,password=hunter2,uid=1 0 0",
		"//nas/x /x cifs user=u,pass=hunter2 0 0",
		"password_pbkdf2 root grub.pbkdf2.sha512.hunter2",
		"password --md5 hunter2",
		`  psk: "hunter2"`,
		"options root=x rd.iscsi.password=hunter2 ro",
		"r UUID=1 none pkcs11-uri=pkcs11:object=x;pin-value=hunter2",
		"private-key=hunter2",
		"wep-key0=hunter2",
		"PrivateKey = hunter2",
		"PresharedKey=hunter2",
		"KEY1=hunter2",
		"      key: hunter2",
		"        private: hunter2",
	} {
		diff := Diff("/etc/x", line+"\n/dev/sda1\n", line+"\nUUID=1\n")
		if strings.Contains(diff, secret) {
			t.Errorf("%q: the diff shows it:\n%s", line, diff)
		}
		if !strings.Contains(diff, "+UUID=1") || !strings.Contains(diff, "+++ b/etc/x") {
			t.Errorf("%q: the diff does not show the change:\n%s", line, diff)
		}
	}
	for _, path := range []string{"/etc/shadow", "/etc/gshadow-", "/etc/NetworkManager/system-connections/a.nmconnection", "/etc/cryptsetup-keys.d/x.key"} {
		if diff := Diff(path, "a\n", "b\n"); diff != "" {
			t.Errorf("%s is shown:\n%s", path, diff)
		}
	}
}

func TestUnifiedDiffKeepsOrdinaryText(t *testing.T) {
	t.Parallel()
	header := "# <file system> <mount point>   <type>  <options>       <dump>  <pass>\n"
	if got := HideSecrets(header); got != header {
		t.Errorf("fstab's header became %q", got)
	}
	cmdline := "options root=UUID=1 rd.luks.key=/key ro\n"
	if got := HideSecrets(cmdline); got != cmdline {
		t.Errorf("a kernel command line became %q", got)
	}
	if diff := Diff("/etc/new", "", "a\n"); !strings.HasPrefix(diff, "--- /dev/null\n+++ b/etc/new\n") {
		t.Errorf("diff of a new file:\n%s", diff)
	}
}
