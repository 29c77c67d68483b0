package boot

import (
	"net/netip"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

const wholeReport = ReportHeading + `
boot degraded
hostname web01
kernel 6.1.0-18-amd64
selinux enforcing
seconds 12.34
card ens192 device 00:50:56:9A:01:02 up
card bond0 virtual 00:50:56:9a:01:03 down
card sit0 virtual 0.0.0.0 down
address ens192 10.0.0.5/24
address late0 10.0.0.9/24
address ens192 fe80::250:56ff:fe9a:102/64
address bond0 192.0.2.7/255.255.254.0
address6 bond0 fd000000000000000000000000000002/40
route ens192 0100000A
route bond0 fd000000000000000000000000000001
route sit0 00000000
mount / ext4 /dev/vda1
mount /srv/my\040data xfs /dev/mapper/vg-data
swap /dev/dm-1
swap /swap\040file
failed srv-my\x2ddata.mount
job systemd-networkd-wait-online.service
end
`

func TestParseFacts(t *testing.T) {
	t.Parallel()
	want := Facts{
		Boot: ProgressDegraded, Hostname: "web01", Kernel: "6.1.0-18-amd64", SELinux: "enforcing", Seconds: 12.34,
		Cards: []Card{
			{Name: "ens192", Physical: true, MAC: "00:50:56:9a:01:02", Up: true, Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.5/24"), netip.MustParsePrefix("fe80::250:56ff:fe9a:102/64")}},
			{Name: "bond0", MAC: "00:50:56:9a:01:03", Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.7/23"), netip.MustParsePrefix("fd00::2/64")}},
			{Name: "sit0"},
		},
		Routes: []Route{{"ens192", netip.MustParseAddr("10.0.0.1")}, {"bond0", netip.MustParseAddr("fd00::1")}, {Card: "sit0"}},
		Mounts: []Mount{{"/", "ext4", "/dev/vda1"}, {"/srv/my data", "xfs", "/dev/mapper/vg-data"}},
		Swaps:  []string{"/dev/dm-1", "/swap file"},
		Failed: []string{`srv-my\x2ddata.mount`}, Jobs: []string{"systemd-networkd-wait-online.service"},
	}
	addresses := cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })
	gateways := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
	early := ReportHeading + "\nboot starting\nend\n"
	for name, text := range map[string]string{
		"one":          wholeReport,
		"the last":     early + wholeReport,
		"a third part": early + wholeReport + ReportHeading + "\nboot run",
	} {
		got, complete, err := ParseFacts(text)
		if err != nil || !complete {
			t.Fatalf("%s: %t, %v", name, complete, err)
		}
		if diff := cmp.Diff(want, got, addresses, gateways); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if global := want.Cards[0].Global(); len(global) != 1 || global[0].String() != "10.0.0.5/24" {
		t.Errorf("the addresses that others know: %v", global)
	}
	for part := range len(wholeReport) {
		if _, complete, err := ParseFacts(wholeReport[:part]); complete || err != nil {
			t.Fatalf("a report of %d bytes is whole: %v", part, err)
		}
	}
}

// TestParseFactsOfHostileGuests: what has not the form that is agreed upon is no
// report, whatever else it has.
func TestParseFactsOfHostileGuests(t *testing.T) {
	t.Parallel()
	report := func(lines ...string) string {
		return ReportHeading + "\nboot done\n" + strings.Join(lines, "\n") + "\nend\n"
	}
	for name, text := range map[string]string{
		"no heading":            "boot done\nend\n",
		"another version":       "hyper2kvm-probe 2\nboot done\nend\n",
		"no boot":               ReportHeading + "\nhostname a\nend\n",
		"another boot":          report("boot splendid"),
		"another keyword":       report("password secret"),
		"an empty line":         report(""),
		"an escape":             report("hostname \x1b[2J"),
		"a long name":           report("hostname " + strings.Repeat("a", 300)),
		"a long line":           report("mount / ext4 " + strings.Repeat("a", 2000)),
		"two names":             report("hostname a b"),
		"an address with text":  report("card a device - up", "address a 10.0.0.5/24;reboot"),
		"an address with a dot": report("card a device - up", "address a 10.0.0.5/255.0.255.0"),
		"a long prefix":         report("card a device - up", "address a 10.0.0.5/33"),
		"a zone":                report("card a device - up", "address a fe80::1%a/64"),
		"a short IPv6":          report("card a device - up", "address6 a fd00/40"),
		"a card's kind":         report("card a radio - up"),
		"a card's name":         report("card ../a device - up"),
		"a gateway":             report("route a 1"),
		"a unit":                report("failed a.service;b"),
		"bytes":                 report("mount / ext4 \xff\xfe"),
		"seconds":               report("seconds NaN"),
		"negative seconds":      report("seconds -1"),
		"SELinux":               report("selinux off"),
		"what is unknown":       report("unknown things"),
		"what is waited for":    report("waiting for nothing"),
		"many failures":         report(strings.Repeat("failed a.service\n", maxFacts) + "failed b.service"),
		"many cards":            report(strings.Repeat("card a device - up\n", maxFacts) + "card a device - up"),
	} {
		if facts, complete, err := ParseFacts(text); complete || err == nil {
			t.Errorf("%s: %+v", name, facts)
		}
	}
}

// TestProbe reads reports as they come, in whatever pieces, and no more than it
// has room for.
func TestProbe(t *testing.T) {
	t.Parallel()
	p := probe{news: newNotice()}
	if err := p.follow(iotest.OneByteReader(strings.NewReader("noise\n" + wholeReport))); err == nil {
		t.Error("the channel has no end")
	}
	if facts, err := p.said(); err != nil || facts == nil || facts.Hostname != "web01" {
		t.Errorf("it said %+v, %v", facts, err)
	}
	select {
	case <-p.news:
	default:
		t.Error("nobody was told")
	}

	p = probe{news: newNotice()}
	endless := strings.NewReader(strings.Repeat(strings.Repeat("x", 4095)+"\n", 2*maxReports/4096) + wholeReport)
	if err := p.follow(endless); err != nil {
		t.Error(err)
	}
	if facts, _ := p.said(); facts != nil || endless.Len() < maxReports/2 {
		t.Errorf("of too much it made %+v, and left %d bytes", facts, endless.Len())
	}
	p = probe{news: newNotice()}
	_ = p.follow(strings.NewReader(ReportHeading + "\nboot done\npassword secret\nend\n"))
	if facts, err := p.said(); facts != nil || err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("of what is no report it made %+v, %v", facts, err)
	}
}

func TestJudgeByFacts(t *testing.T) {
	t.Parallel()
	facts := func(boot Progress, failed ...string) *Facts { return &Facts{Boot: boot, Failed: failed} }
	for name, test := range map[string]struct {
		seen observed
		want judgement
	}{
		"up, without a console": {observed{blank: true, facts: facts(ProgressRunning)}, judgement{verdict: Booted, state: StateProbe}},
		"up, with failed units": {observed{facts: facts(ProgressDegraded, "a.service")}, judgement{verdict: Booted, state: StateProbe}},
		"up, without systemd":   {observed{facts: facts(ProgressDone)}, judgement{verdict: Booted, state: StateProbe}},
		"up, with a login":      {observed{console: "web01 login: ", facts: facts(ProgressRunning)}, judgement{verdict: Booted, state: StateLogin}},
		"not done":              {observed{facts: facts(ProgressStarting)}, judgement{}},
		"never done": {
			observed{facts: &Facts{Boot: ProgressStarting, Jobs: []string{"a.service", "b.mount"}}, over: true},
			judgement{Undecided, StateStarting, "its systemd has not started all in time: it waits for a.service, b.mount"},
		},
		"emergency mode": {
			observed{blank: true, facts: facts(ProgressMaintenance, "data.mount")},
			judgement{Dead, StateEmergency, "systemd went into emergency mode, for data.mount failed"},
		},
		"emergency mode, with a reason": {
			observed{console: "Timed out waiting for device x.\nYou are in emergency mode.\n", facts: facts(ProgressMaintenance, "data.mount")},
			judgement{Dead, StateEmergency, "Timed out waiting for device x."},
		},
		"a panic afterwards": {
			observed{console: "Kernel panic - not syncing: x", facts: facts(ProgressRunning)}, judgement{Dead, StatePanic, "Kernel panic - not syncing: x"},
		},
	} {
		if got := judge(test.seen); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}
