package edit_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

func nothing(_, _ *conf.Entry) bool { return false }

// valueToken is what the generated files have once: as a value, or in one.
const valueToken = "the-value"

func pick(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }

func shuffled(r *rand.Rand, lines ...string) string {
	r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	return strings.Join(lines, "")
}

// structured are generated files of each kind, one that differs in nothing that its
// reader sees, and what its reader rejects; broken is "" where it takes anything.
var structured = map[string]struct {
	path  string
	write func(r *rand.Rand) (text, same, broken string)
}{
	"fstab": {"/etc/fstab", func(r *rand.Rand) (text, same, broken string) {
		gap := pick(r, " ", "\t", "    ")
		text = "# a comment\n" + shuffled(r, "UUID=a / ext4 "+valueToken+" 0 1\n", "UUID=b\tnone swap sw\n", "tmpfs /tmp tmpfs defaults 0 0\n")
		return text, strings.ReplaceAll(text, " ext4 ", gap+"ext4"+gap), text + "/dev/alone\n"
	}},
	"crypttab": {"/etc/crypttab", func(r *rand.Rand) (text, same, broken string) {
		text = shuffled(r, "root UUID=a none "+valueToken+"\n", "swap UUID=b /dev/urandom swap\n")
		return text, "\n" + strings.ReplaceAll(text, "none ", "none"+pick(r, "\t", "  ")), text + "alone\n"
	}},
	"GRUB": {"/boot/grub/grub.cfg", func(r *rand.Rand) (text, same, broken string) {
		text = "set default=0\nmenuentry 'A' --class os {\n" + shuffled(r, "  insmod ext2\n", "  linux /vmlinuz root=UUID=a "+valueToken+"\n", "  initrd /initrd\n") + "}\n"
		return text, "# c\n" + strings.ReplaceAll(strings.ReplaceAll(text, "  ", pick(r, "\t", " ")), "'A'", `"A"`), strings.Replace(text, pick(r, "'", "}"), "", 1)
	}},
	"GRUB defaults": {"/etc/default/grub", func(r *rand.Rand) (text, same, broken string) {
		text = shuffled(r, "GRUB_CMDLINE_LINUX=\""+valueToken+" x\"\n", "GRUB_TIMEOUT=5\n", "GRUB_DISTRIBUTOR=`lsb_release -i -s`\n", "if [ -f /x ]; then\n  . /x\nfi\n")
		return text, "# c\n" + strings.ReplaceAll(text, `"`, "'"), text + pick(r, "\"\n", "if\n", "A='\n")
	}},
	"GRUB environment": {"/boot/grub2/grubenv", func(r *rand.Rand) (text, same, broken string) {
		content := "# GRUB Environment Block\n" + shuffled(r, "saved_entry=a\n", "kernelopts=root=UUID=a "+valueToken+"\n")
		text = content + strings.Repeat("#", 1024-len(content))
		return text, text + strings.Repeat("#", 1024), text[:1000]
	}},
	"JSON": {"/etc/docker/daemon.json", func(r *rand.Rand) (text, same, broken string) {
		object := map[string]any{"a": r.IntN(9), "b": []any{valueToken, true, nil}, "c": map[string]any{"d": 1.5, "e": []any{}}}
		plain, _ := json.Marshal(object)
		indented, _ := json.MarshalIndent(object, "", "  ")
		return string(plain), string(indented), string(plain) + pick(r, "x", "}", "{}")
	}},
	"YAML": {"/etc/netplan/a.yaml", func(r *rand.Rand) (text, same, broken string) {
		text = "network:\n" + shuffled(r, "  version: 2\n", "  ethernets:\n    a: {dhcp4: true}\n", "  renderer: "+valueToken+"\n")
		return text, "# c\n" + strings.ReplaceAll(text, "{dhcp4: true}", "\n      dhcp4: true"), text + pick(r, " - a: [\n", "   b: {\n", "\tx\n")
	}},
	"mdadm.conf": {"/etc/mdadm/mdadm.conf", func(r *rand.Rand) (text, same, broken string) {
		text = shuffled(r, "DEVICE partitions\n", "ARRAY /dev/md0 UUID=1:2 name="+valueToken+"\n", "MAILADDR root\n")
		return text, "# c\n" + strings.ReplaceAll(text, " UUID", pick(r, "\n  UUID", "   UUID")), ""
	}},
	"lvm.conf": {"/etc/lvm/lvm.conf", func(r *rand.Rand) (text, same, broken string) {
		text = "config {\n checks = 1\n}\ndevices {\n" + shuffled(r, " dir = \"/dev\"\n", " filter = [ \"a|^/dev/sd.*|\", \"r|"+valueToken+"|\" ]\n", " scan = [\n \"/dev\"\n ]\n") + "}\n"
		return text, "# {\n" + strings.ReplaceAll(text, " = ", pick(r, "=", "  =  ")), pick(r, strings.Replace(text, "]", "", 1), text+"}", strings.TrimSuffix(text, "}\n"), text+"a = \"")
	}},
	"modules": {"/etc/initramfs-tools/modules", func(r *rand.Rand) (text, same, broken string) {
		text = shuffled(r, "# c\n", "dm_mod\n", valueToken+" x=1\n")
		return text, text + "\n", ""
	}},
	"groups": {"/etc/group", func(r *rand.Rand) (text, same, broken string) {
		text = shuffled(r, "root:x:0:\n", "sudo:x:27:"+valueToken+"\n", "+:::\n", "# a comment\n")
		return text, "\n" + text, text + pick(r, "alone\n", "a:b\n", ":x:5:\n", "a:x:5:b:c\n")
	}},
	"hosts": {"/etc/hosts", func(r *rand.Rand) (text, same, broken string) {
		text = shuffled(r, "127.0.0.1 localhost\n", "# a comment\n", "192.0.2.1 "+valueToken+" x # c\n")
		return text, "\n" + strings.ReplaceAll(text, "1 ", pick(r, "1\t", "1   ")), ""
	}},
	"ifcfg": {"/etc/sysconfig/network-scripts/ifcfg-a", func(r *rand.Rand) (text, same, broken string) {
		text = shuffled(r, "DEVICE=a\n", "NAME=\""+valueToken+" b\"\n", "export ONBOOT=yes\n")
		return text, "# c\n" + strings.ReplaceAll(text, `"`, "'"), text + "\"\n"
	}},
	"a unit": {"/etc/systemd/system/a.mount", func(r *rand.Rand) (text, same, broken string) {
		text = "[Unit]\nDescription=x\n[Mount]\n" + shuffled(r, "What="+valueToken+"\n", "Where=/a\n", "Options=a,b\n")
		return text, "; c\n" + strings.ReplaceAll(text, "What=", "What = "), text + "x\n"
	}},
	"a .link file": {"/etc/systemd/network/10-a.link", func(r *rand.Rand) (text, same, broken string) {
		text = "[Match]\n" + shuffled(r, "Type=ether\n", "Driver=a b\n") + "[Link]\nName=" + valueToken + "\n"
		return text, strings.ReplaceAll(text, "=a b", " = a b"), strings.Replace(text, "[Link]", "[Link", 1)
	}},
	"a key file": {"/etc/NetworkManager/system-connections/a.nmconnection", func(r *rand.Rand) (text, same, broken string) {
		text = "[connection]\n" + shuffled(r, "id="+valueToken+"\n", "type=ethernet\n") + "[ipv4]\nmethod=auto\n"
		return text, text + "\n# c\n", text + "method\n"
	}},
	"udev rules": {"/etc/udev/rules.d/70-a.rules", func(r *rand.Rand) (text, same, broken string) {
		text = shuffled(r, `SUBSYSTEM=="net", ATTR{address}=="`+valueToken+"\", NAME=\"a\"\n", `KERNEL=="sd*", ENV{ID_BUS}!="usb", SYMLINK+="x"`+"\n")
		return text, "# c\n" + strings.ReplaceAll(text, ", ", pick(r, ",", ", \\\n  ")), text + pick(r, "KERNEL\n", `KERNEL=="a`+"\n")
	}},
	"a loader entry": {"/boot/loader/entries/a.conf", func(r *rand.Rand) (text, same, broken string) {
		text = shuffled(r, "title A\n", "linux /vmlinuz\n", "options root=UUID=a "+valueToken+"\n")
		return text, strings.ReplaceAll(text, " ", "\t"), ""
	}},
}

// TestCheckOfGeneratedFiles: what its reader sees alike is no change, one other
// value is one, and so are a line more and a line less; what the reader rejects is
// told.
func TestCheckOfGeneratedFiles(t *testing.T) {
	t.Parallel()
	for kind, s := range structured {
		for seed := range uint64(100) {
			text, same, broken := s.write(rand.New(rand.NewPCG(seed, 17)))
			if err := edit.Check(s.path, text, same, nothing); err != nil {
				t.Fatalf("%s seed %d: %v\n%s\nbecame\n%s", kind, seed, err, text, same)
			}
			other := strings.Replace(text, valueToken, "the-other", 1)
			if err := edit.Check(s.path, text, other, nothing); err == nil || !strings.Contains(err.Error(), "beyond that") {
				t.Fatalf("%s seed %d: another value: %v\n%s", kind, seed, err, other)
			}
			if err := edit.Check(s.path, text, other, func(was, is *conf.Entry) bool {
				return was != nil && is != nil && strings.Contains(was.Value, valueToken) && strings.Contains(is.Value, "the-other")
			}); err != nil {
				t.Fatalf("%s seed %d: a change that is meant: %v\n%s", kind, seed, err, other)
			}
			if broken != "" {
				for _, meant := range []edit.Meant{nothing, nil} {
					if err := edit.Check(s.path, text, broken, meant); err == nil || !strings.Contains(err.Error(), "no valid") {
						t.Fatalf("%s seed %d: broken: %v\n%s", kind, seed, err, broken)
					}
				}
				if err := edit.Check(s.path, "", broken, nil); err == nil {
					t.Fatalf("%s seed %d: a new file that is broken:\n%s", kind, seed, broken)
				}
			}
			if !strings.HasSuffix(kind, "JSON") && !strings.Contains(kind, "environment") {
				checkLines(t, kind, s.path, text)
			}
		}
	}
}

// checkLines takes out, and doubles, the line that has the value.
func checkLines(t *testing.T, kind, path, text string) {
	t.Helper()
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		if !strings.Contains(line, valueToken) {
			continue
		}
		less := strings.Join(append(append([]string{}, lines[:i]...), lines[i+1:]...), "")
		more := strings.Join(append(append([]string{}, lines[:i+1]...), lines[i:]...), "")
		for _, changed := range []string{less, more} {
			if edit.Check(path, text, changed, nothing) == nil {
				t.Fatalf("%s: not told:\n%s\nbecame\n%s", kind, text, changed)
			}
		}
	}
}

// TestWriteLeavesWhatWouldNotHold: the file stays, and a warning says so, without
// a value of it.
func TestWriteLeavesWhatWouldNotHold(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ path, before, after string }{
		"GRUB's defaults": {"/etc/default/grub", "A=\"s3cret\"\n", "A=\"s3cret\n"},
		"netplan":         {"/etc/netplan/a.yaml", "network: {}\n", "network: {\n"},
		"LVM":             {"/etc/lvm/lvm.conf", "devices {\n}\n", "devices {\n"},
		"udev":            {"/etc/udev/rules.d/a.rules", "KERNEL==\"a\", NAME=\"b\"\n", "KERNEL==\"a, NAME=\"b\"\n"},
		"a new JSON":      {"/etc/docker/daemon.json", "", "{"},
	} {
		files := map[string]string{"/etc/x": ""}
		if test.before != "" {
			files[test.path] = test.before
		}
		tree := guesttest.New(t, files)
		e := edittest.Of(t, tree)
		if err := e.Write(test.path, test.after, 0o644, "name disks"); err != nil {
			t.Fatal(err)
		}
		changes, warnings := e.Take()
		if len(changes) > 0 || len(warnings) != 1 || !strings.Contains(warnings[0].Message, test.path) || strings.Contains(fmt.Sprint(warnings), "s3cret") {
			t.Errorf("%s: %v, %v", name, changes, warnings)
		}
		got, err := tree.ReadFile(test.path)
		if string(got) != test.before || (err != nil) != (test.before == "") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// TestRewriteChangesWhatIsMeant: of two changes one is meant, and none is made.
func TestRewriteChangesWhatIsMeant(t *testing.T) {
	t.Parallel()
	const path, before = "/etc/crypttab", "a UUID=1 none luks\nb UUID=2 none luks\n"
	ofA := func(was, is *conf.Entry) bool {
		return was != nil && is != nil && was.Words()[0] == "a" && is.Words()[0] == "a"
	}
	for after, written := range map[string]bool{
		"a UUID=9 none luks\nb UUID=2 none luks\n": true,
		"a UUID=9 none luks\nb UUID=9 none luks\n": false,
		"a UUID=9 none luks\n":                     false,
		"b UUID=2 none luks\n":                     false,
	} {
		tree := guesttest.New(t, map[string]string{path: before})
		e := edittest.Of(t, tree)
		if err := e.Rewrite(path, after, 0o600, "name disks", ofA); err != nil {
			t.Fatal(err)
		}
		got, err := tree.ReadFile(path)
		if err != nil || (string(got) == after) != written || !written && string(got) != before {
			t.Errorf("%q became %q, %v", after, got, err)
		}
	}
}
