package qemuimg

import (
	"errors"
	"strings"
	"testing"
)

func TestNewError(t *testing.T) {
	t.Parallel()
	cause := errors.New("exit status 1")
	tests := map[string]struct {
		stderr, message, remedy string
		noSpace                 bool
	}{
		"full": {
			stderr:  "qemu-img: error while writing at byte 0: No space left on device\n",
			message: "copying: error while writing at byte 0: No space left on device",
			remedy:  "free space", noSpace: true,
		},
		"several lines": {
			stderr:  "qemu-img: one\n\n  qemu-img: two\n",
			message: "copying: one; two",
		},
		"silent": {message: "copying: exit status 1"},
		"unreadable source": {
			stderr:  "qemu-img: error while reading at byte 9: Input/output error",
			message: "copying: error while reading at byte 9: Input/output error", remedy: "damaged",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := newError("copying", test.stderr, cause)
			if err.Error() != test.message {
				t.Errorf("message %q, want %q", err, test.message)
			}
			if errors.Is(err, ErrNoSpace) != test.noSpace || !errors.Is(err, cause) {
				t.Errorf("wrong causes: %v", err.Err)
			}
			if !strings.Contains(err.Remedy(), test.remedy) {
				t.Errorf("remedy %q, want %q", err.Remedy(), test.remedy)
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
