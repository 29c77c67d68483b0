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
	if os.Getenv("TF_ACC") == "" {
		t.Skip("builds and boots real guests: set TF_ACC=1")
	}
}
