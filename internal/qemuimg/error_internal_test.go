package qemuimg

import (
	"errors"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

func TestNewError(t *testing.T) {
	t.Parallel()
	cause := errors.New("exit status 1")
	tests := map[string]struct {
		stderr, message, remedy string
		is                      error
	}{
		"full": {
			stderr:  "qemu-img: error while writing at byte 0: No space left on device\n",
			message: "copying: error while writing at byte 0: No space left on device",
			remedy:  "free space", is: ErrNoSpace,
		},
		"several lines": {
			stderr:  "qemu-img: one\n\n  qemu-img: two\n",
			message: "copying: one; two",
		},
		"an image by its description": {
			stderr:  "qemu-img: Could not open 'json:{\"driver\":\"vmdk\",\"file\":{\"driver\":\"file\",\"filename\":\"/x/web.vmdk\"}}': bad\n",
			message: "copying: Could not open '/x/web.vmdk': bad",
		},
		"a long description": {
			stderr:  "qemu-img: Could not open 'json:{\"driver\":\"vmdk\",\"x\":\"" + strings.Repeat("x", 2*maxStderr) + "\",\"file\":{\"driver\":\"file\",\"filename\":\"/x/web.vmdk\"}}': bad\n",
			message: "copying: Could not open '/x/web.vmdk': bad",
		},
		"silent": {message: "copying: exit status 1"},
		"unreadable source": {
			stderr:  "qemu-img: error while reading at byte 9: Input/output error",
			message: "copying: error while reading at byte 9: Input/output error", remedy: "the kernel's log",
		},
		"log of a VHDX": {
			stderr:  "qemu-img: VHDX image file 'a' opened read-only, but contains a log that needs to be replayed\nqemu-img check -r all 'a'\n",
			message: "copying: VHDX image file 'a' opened read-only, but contains a log that needs to be replayed; qemu-img check -r all 'a'",
			remedy:  "qemu-img check -r all COPY", is: ErrUnreplayedLog,
		},
		"unsupported": {
			stderr: "qemu-img: Could not open 'a': Operation not supported", message: "copying: Could not open 'a': Operation not supported",
			remedy: "newer qemu-img", is: ErrUnsupported,
		},
		"behind the end": {
			stderr: "ERROR: cluster offset for sector 4096 points after EOF", message: "copying: ERROR: cluster offset for sector 4096 points after EOF",
			remedy: "checksum", is: ErrCorrupt,
		},
		"in use": {
			stderr:  "Failed to get shared \"write\" lock; Is another process using the image [a]?",
			message: "copying: Failed to get shared \"write\" lock; Is another process using the image [a]?", remedy: "shut the virtual machine down",
		},
		"no memory": {stderr: "Cannot allocate memory", message: "copying: Cannot allocate memory", remedy: "free memory"},
		"forbidden": {stderr: "Could not open 'a': Permission denied", message: "copying: Could not open 'a': Permission denied", remedy: "access to the file"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := newError("copying", test.stderr, cause)
			if err.Error() != test.message {
				t.Errorf("message %q, want %q", err, test.message)
			}
			for _, is := range []error{ErrNoSpace, ErrUnreplayedLog, ErrUnsupported, ErrCorrupt} {
				if errors.Is(err, is) != errors.Is(test.is, is) {
					t.Errorf("wrong causes: %v", err)
				}
			}
			if !errors.Is(err, cause) {
				t.Errorf("the cause is lost: %v", err)
			}
			if !strings.Contains(remedy.Of(err), test.remedy) {
				t.Errorf("remedy %q, want %q", remedy.Of(err), test.remedy)
			}
		})
	}
}

func TestShortenKeepsBothEnds(t *testing.T) {
	t.Parallel()
	got := shorten("begin " + strings.Repeat("x", 10_000) + "\xff end")
	if len(got) > maxStderr+10 || !strings.HasPrefix(got, "begin ") || !strings.HasSuffix(got, " end") {
		t.Errorf("%d bytes: %q", len(got), got)
	}
}
