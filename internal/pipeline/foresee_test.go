package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// suspend makes the small Debian one that is suspended to its swap file.
func suspend(disk []byte) {
	copy(disk[bytes.Index(disk, []byte("SWAPSPACE2")):], "S1SUSPEND\x00")
}

// leaveMounted makes the root of the small Debian one that was not unmounted.
func leaveMounted(disk []byte) { disk[3<<20+1024+0x60] |= 0x4 }

// TestForesee: what a plan says of a migration of the small Debian that prepares it.
func TestForesee(t *testing.T) {
	t.Parallel()
	const debian = "Debian GNU/Linux 12 (bookworm), x86_64, BIOS, host name web1"
	for name, test := range map[string]struct {
		edit     func(disk []byte)
		manifest func(*manifest.Manifest)
		guest    string
		problem  string // with "may: " before it where it is uncertain; "" for none
		concern  string // "id: assessment", "" for none but information
		unread   string
	}{
		"all is well": {guest: debian},
		"hibernated":  {edit: suspend, guest: debian, problem: "the guest is hibernated: its memory is kept in the swap area /swapfile"},
		"hibernated, and not unmounted": {
			edit: func(disk []byte) { suspend(disk); leaveMounted(disk) }, guest: debian, problem: "may: the guest is hibernated",
		},
		"not unmounted": {edit: leaveMounted, guest: debian},
		"hibernated, and copied": {
			edit: suspend, manifest: withoutFix, guest: debian,
			concern: string(report.ConcernHibernated) + ": the guest is copied as it is and goes on where it was suspended",
		},
		"no system": {
			edit:    func(disk []byte) { clear(disk[1<<20:]) },
			problem: "no operating system was found on the disks",
		},
		"no system, and copied": {
			edit: func(disk []byte) { clear(disk[1<<20:]) }, manifest: withoutFix,
			concern: string(report.ConcernNotInspected) + ": the guest was not looked into: no operating system",
		},
		"encrypted": {
			edit:    func(disk []byte) { clear(disk[1<<20:]); copy(disk[3<<20:], "LUKS\xba\xbe\x00\x01") },
			problem: "no operating system was found on the disks that can be read: partition 2 of disk 1 is encrypted with LUKS, and no key was given",
		},
		"encrypted, with a key": {
			edit:     func(disk []byte) { clear(disk[1<<20:]); copy(disk[3<<20:], "LUKS\xba\xbe\x00\x01") },
			manifest: func(m *manifest.Manifest) { m.Source.LUKSKeys = []manifest.LUKSKey{{Device: "all"}} },
			unread:   "/dev/sda2 (crypto_LUKS)",
		},
		"another root": {
			manifest: func(m *manifest.Manifest) { m.Source.Root = "/dev/sdb9" },
			problem:  "source.root: /dev/sdb9 is not the root of one operating system; found are Debian GNU/Linux 12 (bookworm) on /dev/sda2",
		},
		"no kernel": {
			edit: func(disk []byte) { rename(disk, "vmlinuz-", "vmlimuz-") }, guest: debian,
			concern: string(report.ConcernHardware) + ": the guest as it is needs a SATA disk and an e1000e network card: no kernel was found in its /boot",
		},
		"not read here":  {edit: func(disk []byte) { copy(disk[1<<20+0x10040:], "_BHRfS_M") }, unread: "/dev/sda1 (btrfs)"},
		"not looked for": {edit: suspend, manifest: withoutGuest},
		"a hostile name": {
			edit:  func(disk []byte) { rename(disk, "12 (bookworm)", "12 (b\x1b[31mm)") },
			guest: "Debian GNU/Linux 12 (b [31mm), x86_64, BIOS, host name web1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := inspectionJob(t, test.edit)
			j.host.check = func(context.Context, appliance.Acceleration) []error { return nil }
			j.manifest.Pipeline = manifest.DefaultPipeline()
			if test.manifest != nil {
				test.manifest(j.manifest)
			}
			work := t.TempDir()
			j.options.WorkDirectory = work
			foreseen := j.preflight(t.Context())
			problem, concern := "", ""
			for _, p := range foreseen.Problems {
				if problem += p.Message; p.Uncertain {
					problem = "may: " + problem
				}
				if p.Attribute != "source" {
					t.Errorf("the attribute is %q", p.Attribute)
				}
			}
			for _, c := range foreseen.Concerns {
				if c.Category != report.Information {
					concern += string(c.ID) + ": " + c.Assessment
				}
			}
			if foreseen.Guest != test.guest {
				t.Errorf("the guest is %q, want %q", foreseen.Guest, test.guest)
			}
			for what, said := range map[string]struct{ got, want string }{
				"problem": {problem, test.problem}, "concern": {concern, test.concern}, "unread": {foreseen.Unread, test.unread},
			} {
				if said.want == "" && said.got != "" || !strings.HasPrefix(said.got, said.want) {
					t.Errorf("%s: %q, want %q", what, said.got, said.want)
				}
			}
			if left, err := os.ReadDir(work); err != nil || len(left) > 0 {
				t.Errorf("left in the work directory: %v, %v", left, err)
			}
		})
	}
}

// TestForeseeInTime: a plan that is out of time says nothing of the guest.
func TestForeseeInTime(t *testing.T) {
	t.Parallel()
	j := inspectionJob(t, nil)
	j.manifest.Pipeline = manifest.DefaultPipeline()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var found report.Foreseen
	probed, err := source.Probe(t.Context(), sourceRequest(j.manifest, ""))
	if err != nil {
		t.Fatal(err)
	}
	j.foresee(ctx, probed, &found)
	if found.Guest != "" || len(found.Problems)+len(found.Concerns) > 0 || !strings.Contains(found.Unread, "canceled") {
		t.Errorf("foreseen: %+v", found)
	}
}

func TestForeseenIsBounded(t *testing.T) {
	t.Parallel()
	if got := brief(strings.Repeat("é", longestForeseen)); len(got) > longestForeseen || !strings.HasSuffix(got, "é...") {
		t.Errorf("%d bytes, which end in %q", len(got), got[len(got)-6:])
	}
	if got := brief("a\x1b[1m\nb"); got != "a [1m b" {
		t.Errorf("%q", got)
	}
}

// TestWeightiest: of many concerns those that weigh most are told, each category in
// its order, and what is left out besides information is counted.
func TestWeightiest(t *testing.T) {
	t.Parallel()
	kinds := []report.ConcernID{report.ConcernUSB, report.ConcernDescription, report.ConcernRDM}
	for name, test := range map[string]struct {
		information, warned, critical int
		want                          []int // of each kind told, in the order of kinds
		omitted                       int
	}{
		"few":                 {2, 1, 1, []int{2, 1, 1}, 0},
		"as many as are told": {4, 6, 6, []int{4, 6, 6}, 0},
		"a critical one last": {20, 15, 1, []int{0, 15, 1}, 0},
		"too many warnings":   {1, 20, 2, []int{0, 14, 2}, 6},
		"too many of all":     {9, 9, 20, []int{0, 0, 16}, 13},
		"none":                {0, 0, 0, []int{0, 0, 0}, 0},
	} {
		r := report.New()
		for n, count := range []int{test.information, test.warned, test.critical} {
			for i := range count {
				r.AddConcern(report.StageLoadManifest, kinds[n], fmt.Sprintf("%02d", i), "")
			}
		}
		kept, omitted := weightiest(r.Concerns)
		got := make([]int, len(kinds))
		for n, concern := range kept {
			kind := slices.Index(kinds, concern.ID)
			if concern.Assessment != fmt.Sprintf("%02d", got[kind]) || n > 0 && kept[n-1].Category.Compare(concern.Category) > 0 {
				t.Errorf("%s: %+v is at %d", name, concern, n)
			}
			got[kind]++
		}
		if !slices.Equal(got, test.want) || omitted != test.omitted {
			t.Errorf("%s: %v are told and %d left out, want %v and %d", name, got, omitted, test.want, test.omitted)
		}
	}
}

func withoutFix(m *manifest.Manifest) { m.Pipeline.Fix.Enabled = false }

// rename replaces all of a text by one of its length.
func rename(disk []byte, before, after string) {
	copy(disk, bytes.ReplaceAll(disk, []byte(before), []byte(after)))
}
