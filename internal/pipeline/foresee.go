package pipeline

import (
	"cmp"
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/kernel"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/offline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// plannedLook bounds the look at a guest at plan, which takes a part of a second
// where nothing is wrong with its disks.
const plannedLook = 3 * time.Second

// What a plan is told of at most: concerns, and the bytes of one text. Texts are the
// guest's in part.
const (
	mostForeseen    = 16
	longestForeseen = 1000
)

// foresight looks into a guest that is to be migrated.
type foresight struct {
	job   // whose reporter nobody hears
	found *report.Foreseen
	// stale says that what is read may be older than what a journal holds.
	stale bool
}

// foresee adds what the source's headers and the guest's disks tell. Nothing of it
// is an error: what cannot be read is left to the migration.
func (j job) foresee(ctx context.Context, probed *source.Probed, found *report.Foreseen) {
	f := foresight{job: j, found: found}
	f.say = newReporter()
	f.say.stage = report.StageLoadManifest
	f.say.findAll(probed.Warnings)
	if probed.Machine != nil {
		findInMachine(f.say, probed.Machine)
	}
	if j.looksIntoGuest() || j.boots() {
		ctx, cancel := context.WithTimeout(ctx, plannedLook)
		defer cancel()
		if err := f.look(ctx, probed); err != nil {
			found.Unread = brief(err.Error())
		}
	}
	found.Concerns, found.Omitted = weightiest(f.say.report.Concerns)
}

// looksIntoGuest says that a stage does.
func (j job) looksIntoGuest() bool {
	return j.manifest.Pipeline.Inspect.Enabled || j.manifest.Pipeline.Fix.Enabled
}

// weightiest are as many concerns as a plan is told of, what weighs most first, and
// how many besides information are not among them.
func weightiest(concerns []report.Concern) (kept []report.Concern, omitted int) {
	sorted := slices.Clone(concerns)
	slices.SortStableFunc(sorted, func(a, b report.Concern) int { return a.Category.Compare(b.Category) })
	for n, concern := range sorted {
		switch {
		case n < mostForeseen:
			concern.Assessment, concern.Remedy = brief(concern.Assessment), brief(concern.Remedy)
			kept = append(kept, concern)
		case concern.Category != report.Information:
			omitted++
		}
	}
	return kept, omitted
}

// look reads the guest's disks. An error says why they could not be read.
func (f *foresight) look(ctx context.Context, probed *source.Probed) (err error) {
	if len(probed.Disks) == 0 {
		return errors.New("its disks have to be unpacked first")
	}
	if slices.ContainsFunc(probed.Disks, func(d source.Disk) bool { return d.VirtualSize == 0 }) {
		return errors.New("the size of its disks is not known")
	}
	run, err := artifact.NewRun(cmp.Or(f.options.WorkDirectory, os.TempDir()), uuid.NewString())
	if err != nil {
		return err
	}
	defer func() { _ = run.Close() }() // what remains is swept
	o := opened{artifacts: run, source: &source.Source{Disks: probed.Disks, Machine: probed.Machine}, givenNICs: givenNICs(f.manifest)}
	if o.tables, o.sectorSizes, err = readTables(ctx, f.say, probed.Disks, run.Dir()); err != nil {
		return err
	}
	o.tellFirmware(f.say)
	f.checkFirmware(firmwareOf(o.tables, o.describedFirmware()))
	if !f.looksIntoGuest() {
		return nil
	}
	disks, closing, err := openDisks(ctx, o)
	if err != nil {
		return err
	}
	defer func() { _ = closing() }()
	view, err := offline.Look(ctx, disks, len(f.manifest.Source.LUKSKeys) > 0)
	if err != nil {
		return err
	}
	if len(view.Unread) > 0 {
		return errors.New(strings.Join(view.Unread, "; "))
	}
	f.say.stage = report.StageInspect
	return f.judge(ctx, viewed(o, view), view)
}

// checkFirmware says where the host has none to boot the guest with. That it lacks all
// that boots guests was said before.
func (f *foresight) checkFirmware(firmware string) {
	if checkBoot(f.job, target{}) != nil {
		return
	}
	if err := checkBoot(f.job, target{firmware: firmware}); err != nil {
		f.found.Problems = append(f.found.Problems, report.Problem{Message: err.Error(), Remedy: remedy.Of(err)})
	}
}

// judge finds out which guest it is and what stands in its way.
func (f *foresight) judge(ctx context.Context, x examined, view *offline.View) error {
	system, ok := f.choose(x, view)
	if !ok {
		return nil
	}
	seen, err := mountDirectly(f.job, x, view, system)
	if err != nil {
		return err
	}
	// What is said of a Windows whose volume is not clean is certain.
	f.stale = view.StaleNote(seen.mounts) != "" && system.Type != kindWindows
	f.found.Guest = brief(inWords(system, seen.firmware))
	if system.Type == kindWindows && f.manifest.Pipeline.Fix.Enabled {
		if problems := windowsProblems(f.manifest); len(problems) > 0 {
			f.found.Problems = append(f.found.Problems, problems...)
			return nil
		}
	}
	if f.manifest.Pipeline.Fix.Enabled && f.fails(cmp.Or(seen.suspended, fix.Refusal(system), windowsRefusal(ctx, f.job, x.opened, view, system))) {
		return nil
	}
	if err := seen.suspended; err != nil {
		f.say.find(report.ConcernHibernated, "the guest is copied as it is and goes on where it was suspended, on other hardware: "+err.Error(), remedy.Of(err))
	}
	return f.judgeHardware(ctx, seen.mounted)
}

// choose is the system that is to be migrated, or says what comes of disks without
// one.
func (f *foresight) choose(x examined, view *offline.View) (guest.OS, bool) {
	system, err := choose(f.job, view.Systems, x.system, view.Menus)
	switch {
	case err == nil:
		return system, true
	case f.manifest.Pipeline.Fix.Enabled, errors.As(err, new(*rootError)):
		f.fails(err)
	default:
		f.say.find(report.ConcernNotInspected, notLookedInto(err), remedy.Of(err))
	}
	return guest.OS{}, false
}

// judgeHardware warns of a guest that will not get what is wanted for it.
func (f *foresight) judgeHardware(ctx context.Context, g mounted) error {
	findInGuest(f.say, describeSystem(g, describeMachine(g.examined)))
	if g.os.Type == kindWindows && f.manifest.Pipeline.Fix.Enabled {
		return nil // it is prepared for what it gets
	}
	if g.os.Type != "linux" {
		advise(f.say, hardwareFor(g.os, nil))
		return nil
	}
	kernels, err := kernel.Survey(ctx, g.editor.Reader, f.leavesInitramfs(), g.firmware)
	if err != nil {
		return err
	}
	if f.leavesInitramfs() || len(kernels) == 0 {
		advise(f.say, hardwareFor(g.os, kernels))
	}
	return nil
}

// fails records what would fail the migration, if anything would.
func (f *foresight) fails(err error) bool {
	if err == nil {
		return false
	}
	f.found.Problems = append(f.found.Problems, report.Problem{
		Attribute: "source", Message: brief(err.Error()), Remedy: brief(remedy.Of(err)), Uncertain: f.stale,
	})
	return true
}

// inWords says which system a guest has.
func inWords(system guest.OS, firmware string) string {
	name := system.Product
	for _, other := range []string{strings.TrimSpace(system.Distro + " " + system.Version), system.Type} {
		if name == "" {
			name = other
		}
	}
	words := []string{name}
	for _, word := range []string{system.Arch, strings.ToUpper(firmware)} {
		if word != "" {
			words = append(words, word)
		}
	}
	if system.Hostname != "" {
		words = append(words, "host name "+system.Hostname)
	}
	return strings.Join(words, ", ")
}

// brief is a text of which a guest may have written a part, for people.
func brief(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
	if len(text) <= longestForeseen {
		return text
	}
	return strings.ToValidUTF8(text[:longestForeseen-3], "") + "..."
}
