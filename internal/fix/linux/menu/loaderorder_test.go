package menu

import (
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

func TestCompareLoaderVersions(t *testing.T) {
	t.Parallel()
	// Each is older than the next: the examples of the specification, and names of files.
	for _, ascending := range [][]string{
		{"122.1", "123~rc1-1", "123", "123-a", "123-a.1", "123-1", "123-1.1", "123^post1", "123.a-1", "123.1-1", "123a-1", "124-1"},
		{"arch-linux-fallback.efi", "arch-linux.efi"},
		{"m-5.9.conf", "m-5.14.conf", "m-6.1.0-9.conf", "m-6.1.0-18.conf"},
		{"a.conf", "b.conf", "c.conf"},
	} {
		for i := range ascending {
			for j := range ascending {
				got, want := compareLoaderVersions(ascending[i], ascending[j]), 0
				switch {
				case i < j:
					want = -1
				case i > j:
					want = 1
				}
				if got != want {
					t.Errorf("%s and %s: %d, want %d", ascending[i], ascending[j], got, want)
				}
			}
		}
	}
}

// TestFirstOfLoader: where no setting chooses an entry, systemd-boot starts the first one,
// whatever was chosen on the old machine.
func TestFirstOfLoader(t *testing.T) {
	t.Parallel()
	const entries = "/efi/loader/entries/"
	system := map[string]string{"/etc/os-release": "ID=debian\nVERSION_ID=\"13\"\n", "/efi/k": "k", "/efi/loader/loader.conf": "timeout 3\n"}
	for name, test := range map[string]struct {
		files map[string]string
		want  string // the id or title of the default, "" for none
	}{
		"by their names":             {map[string]string{entries + "a.conf": "linux /k\n", entries + "b.conf": "linux /k\n"}, "b"},
		"by their keys":              {map[string]string{entries + "b.conf": "linux /k\nsort-key b\n", entries + "a.conf": "linux /k\nsort-key a\n", entries + "z.conf": "linux /k\n"}, "a"},
		"by their versions":          {map[string]string{entries + "b.conf": "linux /k\nsort-key d\nversion 5.9\n", entries + "a.conf": "linux /k\nsort-key d\nversion 5.14\n"}, "a"},
		"by their machines":          {map[string]string{entries + "b.conf": "linux /k\nsort-key d\nmachine-id 2\nversion 6\n", entries + "a.conf": "linux /k\nsort-key d\nmachine-id 1\nversion 5\n"}, "a"},
		"no attempts left":           {map[string]string{entries + "b+0-3.conf": "linux /k\n", entries + "a.conf": "linux /k\n"}, "a"},
		"attempts left":              {map[string]string{entries + "b+1-2.conf": "linux /k\n", entries + "a.conf": "linux /k\n"}, "b"},
		"its kernel is not there":    {map[string]string{entries + "b.conf": "linux /gone\n", entries + "a.conf": "linux /k\n"}, "a"},
		"another program first":      {map[string]string{entries + "b.conf": "efi /k\n", entries + "a.conf": "linux /k\n"}, "b"},
		"an image beside entries":    {map[string]string{entries + "a.conf": "linux /k\n", "/efi/EFI/Linux/x.efi": "u"}, "x.efi"},
		"an entry beside images":     {map[string]string{entries + "a.conf": "linux /k\nsort-key a\n", "/efi/EFI/Linux/x.efi": "u"}, "a"},
		"the newest of images":       {map[string]string{"/efi/EFI/Linux/m-6.1.efi": "u", "/efi/EFI/Linux/m-5.10.efi": "u"}, "m-6.1.efi"},
		"a setting chooses":          {map[string]string{entries + "a.conf": "linux /k\n", entries + "b.conf": "linux /k\n", "/efi/loader/loader.conf": "default A.conf\n"}, "a"},
		"a setting for the last":     {map[string]string{entries + "a.conf": "linux /k\n", entries + "b.conf": "linux /k\n", "/efi/loader/loader.conf": "default @saved\n"}, "b"},
		"a setting for the image":    {map[string]string{entries + "a.conf": "linux /k\nsort-key a\n", "/efi/EFI/Linux/x.efi": "u", "/efi/loader/loader.conf": "default x.*\n"}, "x.efi"},
		"a setting for the firmware": {map[string]string{"/efi/EFI/Linux/x.efi": "u", "/efi/loader/loader.conf": "default auto-reboot-to-firmware-setup\n"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			menus, err := Read(edittest.Of(t, guesttest.New(t, system, test.files)).Reader, nil, guest.FirmwareUEFI)
			if err != nil || len(menus) == 0 {
				t.Fatalf("%+v, %v", menus, err)
			}
			got := ""
			for _, m := range menus {
				switch {
				case m.Default >= 0 && m.Entries[m.Default].Unified:
					got += m.Entries[m.Default].Title
				case m.Default >= 0:
					got += m.Entries[m.Default].ID
				default:
					got += m.DefaultTitle
				}
			}
			if got != test.want {
				t.Errorf("the default is %q, want %q", got, test.want)
			}
		})
	}
}
