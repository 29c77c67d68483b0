package conf

import (
	"strings"
	"testing"
)

// keys were made by ssh-keygen(1), which shows these fingerprints of them.
var keys = []struct{ line, kind, fingerprint string }{
	{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBA9gEgeCj+4hvQDxT19xLhKY7JPq3ZWLI9Z4htioyb8", "ssh-ed25519", "SHA256:3bEdOL30rmpJN31teThzZ7QO4lSI0siabfn+BvexEFY"},
	{"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDu2Hbsq9HGJGb1f9Vzuk1ycr/IlvzVHl6wtR64x61Sh7R7HzS+x3cnMEdiuVoCCuMNWwZx8b5bFYyxM13S56pBdNyPx8zKdYqoOW7uufcxv5ah8VftiYFKWKEXzTYgqUc80CFGWq/LWL/1pGojjpnTM6jPesKoO0wEdJD0DdTfMw==", "ssh-rsa", "SHA256:3f10/lJ40+NzJkG6beEj0oA3E2BGcvnkohcs9/h150Q"},
	{"ssh-dss AAAAB3NzaC1kc3MAAACBAIzI1EvunQ6F45Y9XpvRigmLP6FI6sus7ZZUISVdF3Wdp8EjlPhbupQ301vlqgZRJZlDBvuIVRDnPLbfzPACDcmzvEUc8kIm0mnQrg7mkYMXSfzn3gn9qe/ASk7tE9C3cPtkCEUpIwtBsXmOkpzjFkRwmK4xkvb0Ta3bIVd4KkEPAAAAFQCWbkryswu1PY9emEaqtfsQpgpU8wAAAIADybJ+TKEhbudZr0UVVk+WjdwbRDlE8OIkncVL2yj6VGCgpnKp21iZ9t9ZZscSOoQBXk+S4rcctAvMO1FkxU3iJ4ENHK4AUeg8tH3DcsX+Sltp48LXo9oh11a9/TeM8xvGDcuBp0mlWPXg/BbBOu50A4rU7Cvdlq+npG7L51BeQAAAAIBA7KorqoHP5W5vsqIicq+oUkd3YKZBCoYBWZE/LIH0vgFFgT4+vSldr5bPNfE9cf4f+mrS0AaVrg+Irhmz6CWwTOE52BLIQm3f3HSphtffrrhvJswGwomrKmQEq4B740/8uSJHvn8UYHmJKLnhbEDJ6yuYvB63TwJLN620oeiH7w==", "ssh-dss", "SHA256:9kGg2znCAHJX7vAJy2fIkQkHS5wkmqWZvrGurNOqy9c"},
	{"ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBFORb84oq2l1iJKgqHwPRly1wU3adrAFJ7cq5W0LFTcHxVdPpN7AUF82mnGQsXCnHskL9BcZn6FqMzTxuMPrgSk=", "ecdsa-sha2-nistp256", "SHA256:LpkAiOdTd7XjI8+tbb34z3x0PmdO2RHFCaCuLg9BJqs"},
	{"ecdsa-sha2-nistp256-cert-v01@openssh.com AAAAKGVjZHNhLXNoYTItbmlzdHAyNTYtY2VydC12MDFAb3BlbnNzaC5jb20AAAAgz94q1pd8g1aLgt0u+kY8rtgqhe7yTsbFNfVb6RUa2N0AAAAIbmlzdHAyNTYAAABBBFORb84oq2l1iJKgqHwPRly1wU3adrAFJ7cq5W0LFTcHxVdPpN7AUF82mnGQsXCnHskL9BcZn6FqMzTxuMPrgSkAAAAAAAAAAAAAAAEAAAABeAAAAAoAAAAGZGVwbG95AAAAAAAAAAD//////////wAAAAAAAACCAAAAFXBlcm1pdC1YMTEtZm9yd2FyZGluZwAAAAAAAAAXcGVybWl0LWFnZW50LWZvcndhcmRpbmcAAAAAAAAAFnBlcm1pdC1wb3J0LWZvcndhcmRpbmcAAAAAAAAACnBlcm1pdC1wdHkAAAAAAAAADnBlcm1pdC11c2VyLXJjAAAAAAAAAAAAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIBA9gEgeCj+4hvQDxT19xLhKY7JPq3ZWLI9Z4htioyb8AAAAUwAAAAtzc2gtZWQyNTUxOQAAAEAMau/EnJVsBLF/EWTB3lxcg+LkUKBxE/wjcX2/TMEadQLNNGjxGKP31L5fsMXz3HW+r9Hkr9n1ufnOhIqillUJ", "ecdsa-sha2-nistp256-cert-v01@openssh.com", "SHA256:LpkAiOdTd7XjI8+tbb34z3x0PmdO2RHFCaCuLg9BJqs"},
}

func TestParseAuthorizedKey(t *testing.T) {
	t.Parallel()
	for _, test := range keys {
		for _, line := range []string{test.line, test.line + " deploy@example\n", `command="echo ssh-rsa \"x\"",no-pty ` + test.line, "\t" + test.line + "\r\n"} {
			key, err := ParseAuthorizedKey(line)
			if err != nil || key.Type != test.kind || key.Fingerprint != test.fingerprint || key.Line != strings.TrimSpace(line) {
				t.Errorf("%q: %+v, %v", line, key, err)
			}
		}
	}
}

func TestParseIncompleteAuthorizedKey(t *testing.T) {
	t.Parallel()
	blob := strings.Fields(keys[0].line)[1]
	for _, line := range []string{
		"ssh-ed25519 AAAAC3Nz... deploy@example",
		"ssh-ed25519 " + blob[:len(blob)-4],
		"ssh-rsa " + blob, // of another type
		"sk-ssh-ed25519@openssh.com AAAAG x",
		`from="10.0.0.0/8",no-pty ssh-rsa AAAAB3Nz x`,
	} {
		if key, err := ParseAuthorizedKey(line); err != nil || key.Type == "" || key.Fingerprint != "" {
			t.Errorf("%q: %+v, %v", line, key, err)
		}
	}
}

func TestParseNoAuthorizedKey(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                 "is not an SSH public key",
		"hunter2":                          "is not an SSH public key",
		"ssh-rot13 AAAAB3Nz x":             "is not an SSH public key",
		"# " + keys[0].line:                "is not an SSH public key",
		keys[0].line + "\n" + keys[1].line: "is more than one line",
		keys[0].line + "\x00":              "is more than one line",
		"-----BEGIN OPENSSH PRIVATE KEY-----\nab": "is a private key",
	} {
		key, err := ParseAuthorizedKey(text)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %+v, %v", text, key, err)
		} else if text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("the error shows the key: %v", err)
		}
	}
}

func TestAddAuthorizedKeys(t *testing.T) {
	t.Parallel()
	parse := func(line string) AuthorizedKey {
		key, err := ParseAuthorizedKey(line)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	const old = "# mine\nssh-rsa AAAAB3NzOld alice@old\nrestrict "
	text, added := AddAuthorizedKeys(old+keys[0].line, []AuthorizedKey{
		parse(keys[0].line + " other"), parse("ssh-rsa AAAAB3NzOld other"), parse(keys[1].line), parse(keys[1].line + " twice"),
	})
	if want := old + keys[0].line + "\n" + keys[1].line + "\n"; text != want || len(added) != 1 || added[0].Line != keys[1].line {
		t.Errorf("%+v\n%s", added, text)
	}
}
