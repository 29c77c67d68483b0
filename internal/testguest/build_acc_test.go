package testguest

import (
	"os"
	"testing"
)

// TestAccRecipesBuild builds every guest that is not in the cache yet.
func TestAccRecipesBuild(t *testing.T) {
	skipUnlessAcc(t)
	for _, r := range Recipes() {
		t.Run(r.Name, func(t *testing.T) {
			disks, err := BuildDisks(t.Context(), r, t.Output())
			if err != nil {
				t.Fatal(err)
			}
			for _, disk := range disks {
				info, err := os.Stat(disk)
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("%s: %d MiB", disk, info.Size()>>20)
			}
		})
	}
}

func skipUnlessAcc(t *testing.T) {
	t.Helper()
	if os.Getenv("TF_ACC") == "" || os.Getenv("HYPER2KVM_TEST_FULL") == "" {
		t.Skip("builds and boots real guests, for many minutes: set TF_ACC=1 and HYPER2KVM_TEST_FULL=1 or run make testacc-full")
	}
}
