package pipeline_test

import (
	"fmt"
	"path"
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
	if r.fixed.State == testguest.StateLogin {
		boots = "yes"
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %.0f |",
		cell(r.recipe.Description), why, cell(strings.Join(r.changes, ", ")), boots, r.seconds)
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
		unfixed: testguest.BootResult{Reason: "ALERT!  /dev/sda1 | gone"}, fixed: testguest.BootResult{State: testguest.StateLogin},
	}
	want := "| Debian, MBR | `ALERT! /dev/sda1 \\| gone` | initramfs extended, `fstab`, `device.map` removed | yes | 10 |"
	if got := row.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
