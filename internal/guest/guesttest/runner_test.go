package guesttest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRunner(t *testing.T) {
	t.Parallel()
	failed := errors.New("exit status 1")
	var seen string
	runner := &Runner{Answers: map[string]Answer{
		"uname -r":  {Output: "6.1.0\n"},
		"false":     {Err: failed},
		"chpasswd":  {Do: func(input []byte) error { seen = string(input); return nil }},
		"grub-mkfs": {Do: func([]byte) error { return failed }},
	}}
	if out, err := runner.Run("uname", "-r"); err != nil || out != "6.1.0\n" {
		t.Errorf("uname: %q, %v", out, err)
	}
	if _, err := runner.Run("false"); !errors.Is(err, failed) {
		t.Errorf("false: %v", err)
	}
	if _, err := runner.Run("grub-mkfs"); !errors.Is(err, failed) {
		t.Errorf("effect: %v", err)
	}
	if _, err := runner.RunInput([]byte("a:b"), "chpasswd"); err != nil || seen != "a:b" {
		t.Errorf("input: %q, %v", seen, err)
	}
	if _, err := runner.Run("missing"); err == nil {
		t.Error("a command that is not in the table succeeded")
	}
	if _, err := runner.Run(); err == nil {
		t.Error("an empty command succeeded")
	}
	want := []Call{
		{Argv: []string{"uname", "-r"}}, {Argv: []string{"false"}}, {Argv: []string{"grub-mkfs"}},
		{Argv: []string{"chpasswd"}, Input: []byte("a:b")}, {Argv: []string{"missing"}}, {},
	}
	if diff := cmp.Diff(want, runner.Calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}
