package menu

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

// TestScriptsWithoutEnd: a guest's script must not take all of the time, the memory or
// the stack, and a menu that was not read to its end says so.
func TestScriptsWithoutEnd(t *testing.T) {
	t.Parallel()
	const entry = "menuentry 'a' {\n linux /a\n}\n"
	var functions, variables, branches strings.Builder
	for n := range 9 {
		fmt.Fprintf(&functions, "function f%d {\n%s}\n", n, strings.Repeat(fmt.Sprintf(" f%d\n", n+1), 100))
	}
	for n := range 4_000 {
		fmt.Fprintf(&variables, "set v%d=1\n", n)
	}
	for range 2_000 {
		branches.WriteString("elif keystatus; then set x=y\n")
	}
	for name, test := range map[string]struct{ script, unclear string }{
		"nested blocks":         {strings.Repeat("{\n", 1000) + entry + strings.Repeat("}\n", 1000), "could not be understood"},
		"nested conditions":     {strings.Repeat("if true; then\n", 1000) + entry + strings.Repeat("fi\n", 1000), "could not be understood"},
		"functions":             {functions.String() + "f0\n" + entry, tooMuch},
		"a menu in itself":      {strings.Repeat("source /boot/grub/grub.cfg\n", 50) + entry, tooMuch},
		"growing variables":     {"set a=abcdefgh\n" + strings.Repeat("set a=$a$a\n", 60) + entry, tooMuch},
		"many variables":        {variables.String() + "if keystatus; then true\n" + branches.String() + "fi\n" + entry, tooMuch},
		"many entries":          {variables.String() + strings.Repeat(entry, 2000), tooMuch},
		"loader entries":        {strings.Repeat("blscfg\n", 1000) + entry, tooMuch},
		"many files":            {strings.Repeat("if [ -e /a ]; then true; fi\n", 40_000) + entry, tooMuch},
		"a long condition":      {"if [ " + strings.Repeat("! ", 10_000) + "x ]; then true; fi\n" + entry, ""},
		"many entries, no more": {strings.Repeat(entry, 2000), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := edittest.Of(t, guesttest.New(t, map[string]string{"/boot/grub/grub.cfg": test.script}))
			menus, err := Read(e.Reader, nil, "")
			if err != nil || len(menus) != 1 {
				t.Fatalf("%d menus, %v", len(menus), err)
			}
			m := menus[0]
			if (m.Unclear == "") != (test.unclear == "") || !strings.Contains(m.Unclear, test.unclear) {
				t.Errorf("unclear: %q, want %q", m.Unclear, test.unclear)
			}
			if m.Unclear == tooMuch && m.Default >= 0 {
				t.Errorf("what it starts is said to be %q", m.DefaultTitle)
			}
		})
	}
}
