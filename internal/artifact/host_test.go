package artifact

import "testing"

func TestMachineID(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"3d1219c7c4c5404aaa1f6d2a48adfda4\n":     "3d1219c7c4c5404aaa1f6d2a48adfda4",
		"3D1219C7C4C5404AAA1F6D2A48ADFDA4":       "3d1219c7c4c5404aaa1f6d2a48adfda4",
		"":                                       "",
		"\n":                                     "",
		"uninitialized\n":                        "",
		"00000000000000000000000000000000\n":     "",
		"3d1219c7-c4c5-404a-aa1f-6d2a48adfda4\n": "",
	} {
		if got := string(machineID([]byte(content))); got != want {
			t.Errorf("machine id of %q is %q", content, got)
		}
	}
}

func TestHostIDTellsHostsApart(t *testing.T) {
	t.Parallel()
	const baked = "3d1219c7c4c5404aaa1f6d2a48adfda4"
	seen := map[string]bool{}
	for _, host := range []struct{ machine, name string }{
		{baked, "agent-1"}, {baked, "agent-2"}, {"", "agent-1"}, {"", "agent-2"}, {baked, ""}, {"0123456789abcdef0123456789abcdef", "agent-1"},
	} {
		id := hashHostID([]byte(host.machine), host.name)
		if seen[id] || !HostIDPattern.MatchString(id) {
			t.Errorf("%v has the id %q", host, id)
		}
		seen[id] = true
		if again := hashHostID([]byte(host.machine), host.name); again != id {
			t.Errorf("%v has the ids %q and %q", host, id, again)
		}
	}
	if id := hashHostID(nil, ""); id != "" {
		t.Errorf("a host of which nothing is known has the id %q", id)
	}
}

func TestOnHost(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		here, id string
		want     bool
	}{
		{"", HostID(), true}, {"", "", true}, {"", "another", false},
		{"pool", "pool", true}, {"pool", "", true}, {"pool", HostID(), false}, {"pool", "another", false},
	} {
		if got := OnHost(test.here, test.id); got != test.want {
			t.Errorf("%q at %q: %t", test.id, test.here, got)
		}
	}
}

// A lock of a container of this machine is seen whatever id the container has.
func TestLocksThatAreSeen(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		by   owner
		want bool
	}{
		{owner{HostID: HostID(), BootID: bootID()}, true},
		{owner{HostID: HostID(), BootID: "an earlier boot"}, true},
		{owner{HostID: HostID()}, true},
		{owner{HostID: "another", BootID: bootID()}, true},
		{owner{HostID: "another", BootID: "another"}, false},
		{owner{HostID: "another"}, false},
	} {
		if got := test.by.seen(); got != test.want {
			t.Errorf("%+v: %t", test.by, got)
		}
	}
}
