package menu

import "testing"

// TestEveryLoaderHasAdvice: a loader whose menus are read has words of its own.
func TestEveryLoaderHasAdvice(t *testing.T) {
	t.Parallel()
	for _, loader := range []Loader{
		GRUB, GRUBLegacy, LoaderEntries, Unified, Syslinux, LILO, ELILO, REFInd, Limine,
	} {
		if a := loader.Advice(); a.Install == "" || a.Repair == "" || a.Choose == "" {
			t.Errorf("%s: %+v", loader, a)
		}
	}
}
