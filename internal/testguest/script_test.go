package testguest

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestDiskScript(t *testing.T) {
	t.Parallel()
	for _, name := range []string{Flagship, "debian12-bios-lvm", "debian12-bios-luks", "debian12-bios-raid1", "debian12-uefi-btrfs"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := Lookup(name)
			if err != nil {
				t.Fatal(err)
			}
			got := diskScript(r, []string{"/scratch/disk0.raw", "/scratch/disk1.raw"}[:len(r.Layout.Disks)], "/cache/root.tar", "/scratch/overlay.tar")
			golden := filepath.Join("testdata", name+".guestfish")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("script (-want +got):\n%s", diff)
			}
		})
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	if got, want := quote(`printf "a\n"`), `"printf \"a\\n\""`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
