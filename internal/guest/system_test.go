package guest

import "testing"

func TestReleaseVersion(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ osRelease, debianVersion, want string }{
		"point release": {"NAME=\"Debian\"\nVERSION_ID=\"12\"\n", "12.4\n", "12.4"},
		"ubuntu":        {"ID=ubuntu\nVERSION_ID=\"22.04\"\n", "bookworm/sid\n", "22.04"},
		"rhel":          {"VERSION_ID=\"9.3\"", "", "9.3"},
		"unquoted":      {"VERSION_ID=39\n", "", "39"},
		"testing":       {"PRETTY_NAME=\"Debian\"\n", "trixie/sid\n", ""},
		"derivative":    {"VERSION_ID='1'\n", "12.4\n", "1"},
		"nothing":       {"", "", ""},
	}
	for name, test := range tests {
		if got := releaseVersion(test.osRelease, test.debianVersion); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}
