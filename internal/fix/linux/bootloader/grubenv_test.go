package bootloader

import (
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

const grubenvSignature = "# GRUB Environment Block\n"

func TestEditGrubenv(t *testing.T) {
	t.Parallel()
	const head = grubenvSignature
	tests := map[string]struct{ in, want string }{
		"kernelopts":          {head + "saved_entry=x root=/dev/sda2\nkernelopts=root=/dev/sda2 ro\n", head + "saved_entry=x root=/dev/sda2\nkernelopts=root=UUID=root-uuid ro\n"},
		"escaped line end":    {head + "x=a\\\nkernelopts=root=/dev/sda2\n", head + "x=a\\\nkernelopts=root=/dev/sda2\n"},
		"comment":             {head + "# kernelopts=root=/dev/sda2\n", head + "# kernelopts=root=/dev/sda2\n"},
		"nothing":             {head, head},
		"one byte is missing": {head + "kernelopts=x root=/dev/sda2" + strings.Repeat(" ", 1024-54) + "\n", head + "kernelopts=x root=UUID=root-uuid" + strings.Repeat(" ", 1024-54) + "\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _ := editGrubenv(padGrubenv(tt.in), testScope)
			if want := padGrubenv(tt.want); got != want {
				t.Errorf("got %q (%d bytes), want %q (%d)", got, len(got), want, len(want))
			}
		})
	}
	if got, _ := editGrubenv("kernelopts=root=/dev/sda2\n", testScope); got != "kernelopts=root=/dev/sda2\n" {
		t.Errorf("a file without signature became %q", got)
	}
}

func FuzzEditGrubenv(f *testing.F) {
	f.Add("saved_entry=0\nkernelopts=root=/dev/sda2 ro\n")
	f.Add("kernelopts=a\\\\ root=/dev/sda2\\\n b\n#")
	f.Fuzz(func(t *testing.T, content string) {
		in := padGrubenv(grubenvSignature + content)
		got, _ := editGrubenv(in, testScope)
		if !strings.HasPrefix(got, grubenvSignature) || len(got)%conf.GrubEnvironmentBlock != 0 || len(got) < len(in) {
			t.Errorf("%q became %q of %d bytes", in, got, len(got))
		}
		if again, _ := editGrubenv(got, testScope); again != got {
			t.Errorf("a second edit of %q turned %q into %q", in, got, again)
		}
	})
}

// padGrubenv fills an environment block, so that tests need not.
func padGrubenv(text string) string {
	if rest := len(text) % conf.GrubEnvironmentBlock; rest != 0 {
		text += strings.Repeat("#", conf.GrubEnvironmentBlock-rest)
	}
	return text
}
