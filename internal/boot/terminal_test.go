package boot

import "testing"

func TestScreenFilter(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ input, want string }{
		"plain":            {"login: ", "login: "},
		"carriage returns": {"one\r\ntwo\r\n", "one\ntwo\n"},
		"colours":          {"[\x1b[0;32m  OK  \x1b[0m] Started", "[  OK  ] Started"},
		"cursor":           {"GRUB\x1b[2;1Hgrub> ", "GRUB\ngrub> "},
		"cursor at start":  {"\x1b[1;1HGRUB", "GRUB"},
		"window title":     {"\x1b]0;root@web01\aweb01 login: ", "web01 login: "},
		"string end":       {"\x1bP1$r\x1b\\text", "text"},
		"reset":            {"\x1bcBooting", "Booting"},
		"charset":          {"\x1b(Btext", "text"},
		"control bytes":    {"a\x00b\x08\x07", "ab"},
		"UTF-8":            {"systemd-update-ut… – é", "systemd-update-ut… – é"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := new(screenFilter)
			if got := string(whole.filter([]byte(test.input))); got != test.want {
				t.Errorf("at once: got %q, want %q", got, test.want)
			}
			bytewise, got := new(screenFilter), ""
			for i := range len(test.input) {
				got += string(bytewise.filter([]byte{test.input[i]}))
			}
			if got != test.want {
				t.Errorf("byte by byte: got %q, want %q", got, test.want)
			}
		})
	}
}
