package offline

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// TestAccAnswersOfWindows compares what is said of a Windows, and of a hibernated
// one, with what the appliance says.
func TestAccAnswersOfWindows(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("starts an appliance: set TF_ACC=1")
	}
	hibernated := server2019()
	hibernated.hibernation = []byte("hibr")
	var drives []appliance.Drive
	var volumes [][]byte
	for n, files := range []windowsFiles{server2019(), hibernated} {
		data := windowsVolume(t, files)
		file := filepath.Join(t.TempDir(), "disk"+string(rune('0'+n)))
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		volumes = append(volumes, data)
		drives = append(drives, appliance.Drive{Path: file, Format: "raw"})
	}
	session, err := appliance.Open(t.Context(), drives, appliance.Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := session.Close(); err != nil {
			t.Error(err)
		}
	}()
	there, err := session.Inspect()
	if err != nil || len(there) != 2 {
		t.Fatalf("the appliance sees %+v, %v", there, err)
	}
	for n, system := range there {
		directly := lookAt(t, volumes[n]).Systems
		if len(directly) != 1 {
			t.Fatalf("systems are %+v", directly)
		}
		directly[0].Root = system.Root
		if diff := cmp.Diff(system, directly[0], cmp.Comparer(func(guest.Tables, guest.Tables) bool { return true })); diff != "" {
			t.Errorf("an appliance says otherwise (-appliance +direct):\n%s", diff)
		}
	}
	mounts, _, err := session.MountGuest(there[0])
	if err != nil || !slices.Equal(mounts, []guest.Mount{{Device: "/dev/sda", Path: "/", FSType: "ntfs"}}) {
		t.Errorf("mounted are %+v, %v", mounts, err)
	}
	if _, _, err := session.MountGuest(there[1]); !errors.Is(err, appliance.ErrHibernated) || !strings.Contains(remedy.Of(err), "shutdown /s") {
		t.Errorf("the hibernated one: %v (%s)", err, remedy.Of(err))
	}
}
