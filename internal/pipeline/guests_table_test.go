package pipeline_test

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// guestRow is a row of the table in the guide on guests: what became of one
// guest, merely converted and migrated.
type guestRow struct {
	recipe         testguest.Recipe
	unfixed, fixed testguest.BootResult
	boots          bool // fixed
	changes        []string
	seconds        float64 // of the fix stage
}

// migrated takes what the fix stage did from the report.
func (r *guestRow) migrated(t *testing.T, migration *report.Report) {
	t.Helper()
	for _, stage := range migration.Pipeline.Stages {
		if stage.Name != report.StageFix {
			continue
		}
		r.seconds = stage.Duration
		r.changes = summarize(resultOf[report.FixResult](t, migration))
	}
}

// summarize names what was changed in a few words.
func summarize(fixed report.FixResult) []string {
	var changes []string
	add := func(change string) {
		if !slices.Contains(changes, change) {
			changes = append(changes, change)
		}
	}
	for _, k := range fixed.Kernels {
		if k.Action == "extended" || k.Action == "rebuilt" {
			add("initramfs " + k.Action)
		}
	}
	for _, c := range fixed.Changes {
		isInitramfs := slices.ContainsFunc(fixed.Kernels, func(k report.Kernel) bool { return k.Initramfs == c.Path })
		switch {
		case isInitramfs:
		case c.Action == report.ActionRemoved:
			add("`" + path.Base(c.Path) + "` removed")
		default:
			add("`" + path.Base(c.Path) + "`")
		}
	}
	return changes
}

// String is the row in Markdown.
func (r guestRow) String() string {
	cell := func(text string) string {
		if text = strings.Join(strings.Fields(text), " "); text == "" {
			return "–"
		}
		return strings.ReplaceAll(text, "|", `\|`)
	}
	why := cell(r.unfixed.Reason)
	if r.unfixed.Reason != "" {
		why = "`" + why + "`"
	}
	boots := "no"
	if r.boots {
		boots = "yes"
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %.0f |",
		cell(r.recipe.Description), why, cell(strings.Join(r.changes, ", ")), boots, r.seconds)
}

// varying is what differs from boot to boot, or by the machine, and what the guide
// has instead.
var varying = []struct {
	pattern *regexp.Regexp
	as      string
}{
	{regexp.MustCompile(`^\[ *\d+\.\d+\] `), ""},
	{regexp.MustCompile(`UUID=[0-9a-fA-F-]+`), "UUID=..."},
	{regexp.MustCompile(`\(\d+min \d+s / no limit\)`), "(2min 1s / no limit)"},
	// Below the heading that says so are the devices that are waited for, if the
	// console has come so far.
	{regexp.MustCompile(`^dracut-initqueue\[\d+\]: +\[ -e "/dev/.*" \]$`), "dracut-initqueue: timeout, still waiting for following initqueue hooks"},
	{regexp.MustCompile(`(Boot0001) .*: (Not Found)`), "$1 ... $2"},
}

// documented is how the guide on guests says why a guest does not come up.
func documented(state testguest.State, reason string) string {
	if state == testguest.StateGRUB {
		return "| GRUB's prompt |"
	}
	for _, v := range varying {
		reason = v.pattern.ReplaceAllString(reason, v.as)
	}
	return "| `" + reason + "` |"
}

// TestMatrixHasEveryGuest: a guest that no migration boots proves nothing.
func TestMatrixHasEveryGuest(t *testing.T) {
	t.Parallel()
	for _, recipe := range testguest.Recipes() {
		if recipe.Name != guestOfTwoDisks && !slices.ContainsFunc(guestCases, func(c guestCase) bool { return c.recipe == recipe.Name }) {
			t.Errorf("no migration of %s is booted", recipe.Name)
		}
	}
}

func TestDocumentedReasons(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]string{
		"ALERT!  UUID=0ab1-c2 does not exist.  Dropping to a shell!":                "| `ALERT!  UUID=... does not exist.  Dropping to a shell!` |",
		"[  155.552732] dracut: FATAL: FIPS integrity test failed":                  "| `dracut: FATAL: FIPS integrity test failed` |",
		"Job dev-nvme0n1p3.device/start running (4min 27s / no limit)":              "| `Job dev-nvme0n1p3.device/start running (2min 1s / no limit)` |",
		`[  272.264466] dracut-initqueue[247]:     [ -e "/dev/disk/by-uuid/d6c8" ]`: "| `dracut-initqueue: timeout, still waiting for following initqueue hooks` |",
		`BdsDxe: failed to load Boot0001 "UEFI Misc Device" from Pci: Not Found`:    "| `BdsDxe: failed to load Boot0001 ... Not Found` |",
	} {
		if got := documented(testguest.StateInitramfsShell, reason); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		checkDocumented(t, testguest.StateInitramfsShell, reason)
	}
}

func TestGuestRow(t *testing.T) {
	t.Parallel()
	changes := summarize(report.FixResult{
		Changes: []report.Change{
			{Path: "/etc/fstab", Action: report.ActionModified}, {Path: "/boot/initrd.img-6.1", Action: report.ActionModified},
			{Path: "/boot/grub/device.map", Action: report.ActionRemoved},
		},
		Kernels: []report.Kernel{
			{Initramfs: "/boot/initrd.img-6.1", Action: "extended"}, {Initramfs: "/boot/initrd.img-6.0", Action: "kept"},
		},
	})
	row := guestRow{
		recipe: testguest.Recipe{Description: "Debian, MBR"}, changes: changes, seconds: 9.6,
		unfixed: testguest.BootResult{Reason: "ALERT!  /dev/sda1 | gone"}, boots: true,
	}
	want := "| Debian, MBR | `ALERT! /dev/sda1 \\| gone` | initramfs extended, `fstab`, `device.map` removed | yes | 10 |"
	if got := row.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
