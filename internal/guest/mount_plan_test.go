package guest

import (
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

func TestParseFstab(t *testing.T) {
	t.Parallel()
	const text = "# comment\n\nUUID=1 / ext4 defaults,errors=remount-ro 0 1\n" +
		"/dev/sda2\tnone\tswap\tsw\n" +
		"short /mnt\n" +
		`LABEL=my\040disk /srv/my\040data xfs` + "\n" +
		"   # indented comment with words\n"
	want := []fstabEntry{
		{Spec: "UUID=1", File: "/", Type: "ext4", Options: []string{"defaults", "errors=remount-ro"}},
		{Spec: "/dev/sda2", File: "none", Type: "swap", Options: []string{"sw"}},
		{Spec: "LABEL=my disk", File: "/srv/my data", Type: "xfs"},
	}
	if diff := cmp.Diff(want, parseFstab(text)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseCrypttab(t *testing.T) {
	t.Parallel()
	got := parseCrypttab("# name source key\nsda5_crypt UUID=5555-luks none luks,discard\nonly\n\nswap /dev/sda6 /dev/urandom swap\n")
	want := map[string]string{"UUID=5555-luks": "sda5_crypt", "/dev/sda6": "swap"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPlanMounts(t *testing.T) {
	t.Parallel()
	type mount struct{ Device, Path, Options string }
	tests := map[string]struct {
		fstab    string
		want     []mount
		warnings []string // a part of each
		err      string
	}{
		"parents first, once": {
			fstab: "/dev/sda1 / ext4 defaults 0 1\n" +
				"/dev/nvme1n1p2 /boot/efi vfat umask=0077 0 1\n" +
				"/dev/sda1 /boot ext4 ro,noatime 0 2\n" +
				"UUID=9999-md /boot xfs defaults 0 0\n" +
				"/dev/md0 /var/ xfs defaults 0 0\n",
			want: []mount{{"/dev/md127", "/var", ""}, {"/dev/sda1", "/boot", ""}, {"/dev/sdb2", "/boot/efi", ""}},
		},
		"subvolumes": {
			fstab: "UUID=9999-md /home btrfs rw,subvol=@home,compress=zstd 0 0\n",
			want:  []mount{{"/dev/md127", "/home", "subvol=@home"}},
		},
		"not on a disk": {
			fstab: "proc /proc proc defaults 0 0\ntmpfs /tmp tmpfs size=1G 0 0\nnas:/x /srv nfs defaults 0 0\n" +
				"//nas/x /cifs cifs guest 0 0\n/var/www /srv/www none bind 0 0\n/sda1 /mnt ext4 rbind 0 0\n" +
				"/dev/sda1 /iscsi ext4 _netdev 0 0\n/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0\n" +
				"/dev/sda2 none swap sw 0 0\n",
		},
		"by hand": {
			fstab: "/dev/sda1 /mnt ext4 noauto 0 0\n/dev/sda1 /boot ext4 noauto 0 0\n",
			want:  []mount{{"/dev/sda1", "/boot", ""}},
		},
		"missing data disk": {
			fstab:    "UUID=gone /srv/data ext4 defaults 0 2\nUUID=gone2 /mnt ext4 nofail 0 2\n",
			warnings: []string{"/srv/data was not mounted: the guest's /etc/fstab names UUID=gone for it, and no disk of the source has it"},
		},
		"missing vital file system": {
			fstab: "UUID=gone /usr ext4 defaults 0 2\n",
			err:   "UUID=gone on /usr",
		},
		"vital but optional": {
			fstab: "UUID=gone /boot/efi vfat nofail 0 2\n",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan, warnings, err := twoDisks.PlanMounts(ParseTables(test.fstab, ""))
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("error %v, want %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []mount
			for _, p := range plan {
				got = append(got, mount{p.Device, p.Path, p.Options})
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(warnings) != len(test.warnings) {
				t.Fatalf("warnings %q, want %q", warnings, test.warnings)
			}
			for i, want := range test.warnings {
				if !strings.Contains(warnings[i].Message, want) || warnings[i].Remedy == "" {
					t.Errorf("warning %q, want %q", warnings[i], want)
				}
			}
		})
	}
}

// TestReadOnlyMount: what cannot be written is not always damaged.
func TestReadOnlyMount(t *testing.T) {
	t.Parallel()
	devices := Devices{{Name: "/dev/sda2", FSType: "btrfs"}, {Name: "/dev/sda3", FSType: "ext4"}}
	for root, want := range map[string]string{
		"btrfsvol:/dev/sda2/@/.snapshots/1/snapshot": "read-only snapshot", "/dev/sda2": "read-only snapshot", "/dev/sda3": "damaged or hibernated",
	} {
		err := devices.RootMount(root).Failed(syscall.EROFS)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", root, err, want)
		}
		if got, off := remedy.Of(err), want == "read-only snapshot"; strings.Contains(got, "pipeline.fix.enabled") != off {
			t.Errorf("%s: remedy %q", root, got)
		}
	}
}
