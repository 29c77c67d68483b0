package layout_test

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/layout"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

func TestFind(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files map[string]string
		want  layout.Layout
	}{
		"as Windows writes it": {
			map[string]string{"/Windows/System32/config/SYSTEM": "", "/Windows/System32/config/SOFTWARE": "", "/ProgramData": "dir"},
			layout.Layout{Root: "/Windows", System: "/Windows/System32/config/SYSTEM", Software: "/Windows/System32/config/SOFTWARE", ProgramData: "/ProgramData"},
		},
		"in other cases": {
			map[string]string{"/WINNT/system32/Config/system": "", "/WINNT/system32/Config/software": "", "/programdata": "dir"},
			layout.Layout{Root: "/WINNT", System: "/WINNT/system32/Config/system", Software: "/WINNT/system32/Config/software", ProgramData: "/programdata"},
		},
		"without ProgramData": {
			map[string]string{"/windows/System32/config/SYSTEM": "", "/windows/System32/config/software": "", "/windows/System32/config/SOFTWARE": ""},
			layout.Layout{Root: "/windows", System: "/windows/System32/config/SYSTEM", Software: "/windows/System32/config/SOFTWARE", ProgramData: "/ProgramData"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := layout.Find(guesttest.New(t, test.files)); err != nil || got != test.want {
				t.Errorf("found %+v, %v, want %+v", got, err, test.want)
			}
		})
	}
	for name, files := range map[string]map[string]string{
		"nothing":     {"/etc": "dir"},
		"no SYSTEM":   {"/Windows/System32/config/SOFTWARE": ""},
		"no SOFTWARE": {"/Windows/System32/config/SYSTEM": ""},
	} {
		if _, err := layout.Find(guesttest.New(t, files)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: error = %v", name, err)
		}
	}
}
