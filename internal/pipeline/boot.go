package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/boot"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/machine"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// target is the machine that a run's outputs are for, as far as it is known.
type target struct {
	firmware, diskBus, arch string
	nics                    []boot.NIC
	// channel says that it has one for QEMU's guest agent, fixed that the guest was
	// prepared for it, hibernated that it was not shut down.
	channel, fixed, hibernated bool
}

// targetOf is the machine that the report tells of, or, where no stage has looked
// at the guest, the one that migrations are for.
func targetOf(o opened, needed *report.Hardware, seen inspected, mended fixed) target {
	if needed == nil {
		needed = machine.Needs(machine.Found{Old: o.source.Machine, NICs: o.describedNICs(), Disks: []report.HardwareDisk{{}}, Guest: report.Guest{
			Firmware: firmwareOf(o.tables, o.describedFirmware()), DiskBus: virtioHardware.diskBus, NICModel: virtioHardware.nicModel,
		}})
	}
	t := target{
		firmware: needed.Firmware, diskBus: needed.Disks[0].Bus, arch: needed.Arch, channel: needed.GuestAgent,
		fixed: mended.report.DiskBus != "", hibernated: seen.disks.hibernated || mended.guest.hibernated,
	}
	for _, nic := range needed.NICs {
		t.nics = append(t.nics, boot.NIC{Model: nic.Model, MAC: nic.MAC})
	}
	if len(t.nics) == 0 {
		t.nics = []boot.NIC{{Model: virtioHardware.nicModel}}
	}
	return t
}

// buses are the disk buses of outputs as the boot room calls them.
var buses = map[string]boot.Bus{
	"virtio": boot.VirtioBlk, "scsi": boot.VirtioSCSI, "sata": boot.SATA, "ide": boot.IDE,
}

// boots says that the run is to boot the guest.
func (j job) boots() bool {
	wanted := j.manifest.Pipeline.Validate
	return wanted.Enabled && wanted.Boot.Enabled && !j.manifest.Options.DryRun
}

// checkBoot refuses a boot that this host cannot do, before the work that it
// comes after.
func checkBoot(j job, t target) error {
	if !j.boots() {
		return nil
	}
	if err := j.host.lacks(boot.Firmware(t.firmware)); err != nil {
		return remedy.With(fmt.Errorf("pipeline.validate.boot: %w", err), remedy.Of(err)+", or switch pipeline.validate.boot off")
	}
	return nil
}

// prove boots the guest from the written images. What is seen of it is in the
// report, whether it comes up or not.
//
// What is kept of it is returned, to be published with the images, unless the
// stage fails: then it has its names already, as the report will have its own.
func prove(ctx context.Context, j job, o opened, images []image, t target, tried trial, seen *report.Validation) ([]image, error) {
	options := j.manifest.Pipeline.Validate.Boot
	started := boot.Machine{
		Disks: make([]boot.Disk, len(images)), Probe: len(tried.layers) > 0,
		Firmware: boot.Firmware(t.firmware), Bus: buses[t.diskBus], NICs: t.nics, MemoryMiB: options.MemoryMiB, CPUs: options.CPUs,
		Directory: o.artifacts.Dir(),
	}
	if reason := cmp.Or(t.unbootable(), started.NoRoom()); reason != "" {
		j.say.find(report.ConcernBoot, "the guest was not booted: "+reason, "boot it by hand, or switch pipeline.validate.boot off")
		return nil, nil
	}
	started.Accelerator = accelerator(ctx, j.options.Acceleration)
	started.Disks, started.Probe = j.trialDisks(ctx, images, tried)
	watching := boot.Watching{Timeout: j.bootLimit(), Agent: t.channel && tried.expected.Agent}
	err := eachPassphrase(j.manifest.Source.LUKSKeys, func(_, passphrase string) {
		watching.Passphrases = append(watching.Passphrases, passphrase)
	})
	if err != nil {
		return nil, err
	}
	j.say.progress(checkedUntil(j.manifest), "booting the guest")
	before, err := statAll(images)
	if err != nil {
		return nil, err
	}
	outcome, err := j.host.boot(ctx, started, watching)
	if err != nil {
		return nil, err
	}
	if err := unwritten(images, before); err != nil {
		return nil, err
	}
	hide(&outcome, watching.Passphrases)
	seen.Boot = describeBoot(outcome, started)
	j.compareBoot(tried, watching, outcome, seen.Boot)
	kept, err := j.keepEvidence(o, outcome, seen.Boot)
	if err != nil {
		return nil, err
	}
	if err := j.answerBoot(images[0], t, seen); err != nil {
		j.leaveEvidence(kept)
		return nil, err
	}
	return kept, nil
}

func statAll(images []image) ([]fs.FileInfo, error) {
	var infos []fs.FileInfo
	for _, image := range images {
		info, err := os.Stat(image.temporary)
		if err != nil {
			return nil, fmt.Errorf("looking at what was written for %s: %w", image.final, err)
		}
		infos = append(infos, info)
	}
	return infos, nil
}

// unwritten refuses images that were written to since before: what a guest does
// on its trial is no part of what is published.
func unwritten(images []image, before []fs.FileInfo) error {
	after, err := statAll(images)
	if err != nil {
		return err
	}
	for n := range after {
		if after[n].Size() != before[n].Size() || !after[n].ModTime().Equal(before[n].ModTime()) || !os.SameFile(after[n], before[n]) {
			return fmt.Errorf("%s was written to while its guest was booted", images[n].final)
		}
	}
	return nil
}

// hide takes secrets out of all that was printed: a guest may print what is typed.
func hide(outcome *boot.Outcome, secrets []string) {
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		for _, text := range []*string{&outcome.Console, &outcome.Screen.Text, &outcome.Reason} {
			*text = strings.ReplaceAll(*text, secret, "***")
		}
	}
}

// keepEvidence writes the console and the picture under temporary names.
func (j job) keepEvidence(o opened, outcome boot.Outcome, seen *report.Boot) ([]image, error) {
	log, screenshot := j.manifest.BootPaths()
	var kept []image
	keep := func(path, kind, format string, content []byte) error {
		temporary, err := o.artifacts.Temporary(path)
		if err == nil {
			err = os.WriteFile(temporary, content, 0o600)
		}
		if err != nil {
			return fmt.Errorf("keeping what was seen of the guest: %w", err)
		}
		kept = append(kept, image{temporary: temporary, final: path, format: format, kind: kind})
		return nil
	}
	if err := keep(log, report.ArtifactBootLog, "text", []byte(outcome.Log())); err != nil {
		return nil, err
	}
	seen.LogPath = log
	picture, err := outcome.Screenshot()
	if screenshot == "" || err != nil {
		return kept, nil //nolint:nilerr // a machine that ended early has shown nothing
	}
	seen.ScreenshotPath = screenshot
	return kept, keep(screenshot, report.ArtifactBootScreenshot, "png", picture)
}

// leaveEvidence gives the evidence of a failed boot its names. Like the report of
// a failed run it is not worth another file, and belongs to nobody.
func (j job) leaveEvidence(kept []image) {
	for _, file := range kept {
		if boot.Vacant(file.final) == nil && j.out.readers.guardImage(file.temporary) == nil {
			_ = os.Rename(file.temporary, file.final)
		}
	}
}

// checkEvidence refuses to write what is kept of a boot over other files.
func checkEvidence(m *manifest.Manifest) error {
	log, screenshot := m.BootPaths()
	for _, path := range []string{log, screenshot} {
		if path == "" {
			continue
		}
		if err := boot.Vacant(path); err != nil {
			return remedy.With(fmt.Errorf("pipeline.validate.boot: %w", err), "move it away, or choose another options.report.path")
		}
	}
	return nil
}

// unbootable says why the guest cannot be booted here, or nothing.
func (t target) unbootable() string {
	switch {
	case t.hibernated:
		return "it is hibernated, and would go on where it was suspended, on other hardware"
	case t.arch != "" && t.arch != "x86_64" && t.arch != "i386":
		return "it is for another processor (" + t.arch + ")"
	}
	return ""
}

// accelerator is the one for QEMU, by the same proof as for the appliance.
func accelerator(ctx context.Context, wanted appliance.Acceleration) string {
	program, err := boot.Program()
	if err == nil && wanted != appliance.AccelTCG && appliance.KVM(ctx, program) == "" {
		return "kvm"
	}
	return "tcg"
}

// lastLines is how many lines of console and screen the report has.
const lastLines = 30

func describeBoot(outcome boot.Outcome, m boot.Machine) *report.Boot {
	described := &report.Boot{
		Verdict: string(outcome.Verdict), State: string(outcome.State), Reason: outcome.Reason,
		Seconds: seconds(outcome.Duration.Seconds()), Resets: outcome.Resets,
		Machine: report.BootMachine{
			Firmware: string(m.Firmware), DiskBus: diskBusOf(m.Bus), NICModel: cmp.Or(m.NICs[0].Model, virtioHardware.nicModel),
			MemoryMiB: m.MemoryMiB, CPUs: m.CPUs, Accelerator: outcome.Accelerator,
		},
		Evidence: []report.BootEvidence{}, Frames: []report.BootFrames{},
		Console: boot.LastLines(outcome.Console, lastLines), Screen: boot.LastLines(outcome.Screen.Text, lastLines),
	}
	for _, e := range outcome.Evidence {
		described.Evidence = append(described.Evidence, report.BootEvidence{Source: e.Source, Seconds: seconds(e.Seconds), Seen: e.Seen})
	}
	for _, s := range outcome.Speakers {
		described.Frames = append(described.Frames, report.BootFrames{Card: s.Card, MAC: s.MAC, Addresses: s.Addresses})
	}
	return described
}

// seconds are rounded to what is worth reading.
func seconds(exact float64) float64 { return math.Round(exact*10) / 10 }

func diskBusOf(bus boot.Bus) string {
	for _, name := range []string{"virtio", "scsi", "sata", "ide"} {
		if buses[name] == bus {
			return name
		}
	}
	return string(bus)
}

// answerBoot goes on, warns or fails, by what became of the guest.
func (j job) answerBoot(first image, t target, seen *report.Validation) error {
	became := seen.Boot
	name := filepath.Base(first.final)
	switch became.Verdict {
	case report.BootBooted:
		return nil
	case report.BootDead:
		err := remedy.With(fmt.Errorf("the guest of %s does not boot: %s, after %.0f s%s", name, deathOf(became), became.Seconds, lastWords(became)), t.cure(became, len(j.manifest.Source.LUKSKeys) > 0))
		if j.manifest.Pipeline.Validate.Boot.OnFailure == manifest.BootFatal {
			return &evidenceError{error: err, seen: seen}
		}
		j.say.find(report.ConcernBoot, err.Error(), remedy.Of(err))
	default:
		j.say.find(report.ConcernBoot, fmt.Sprintf("whether the guest of %s boots is not known: %s%s", name, deathOf(became), lastWords(became)), t.cure(became, len(j.manifest.Source.LUKSKeys) > 0))
	}
	return nil
}

// deathOf is what the guest came to, and the line that says why.
func deathOf(became *report.Boot) string {
	sentence := boot.State(became.State).Sentence()
	if sentence == "" || strings.HasPrefix(became.Reason, sentence) {
		sentence = became.Reason
	} else {
		sentence += " (" + became.Reason + ")"
	}
	if became.Verdict == report.BootDead {
		sentence = strings.Join(append([]string{sentence}, became.Differences...), "; ")
	}
	return sentence
}

// lastWords are the last lines that the guest has printed, for a message.
func lastWords(became *report.Boot) string {
	const few = 6
	lines, where := became.Console, "serial console"
	if len(lines) == 0 || boot.Classify(strings.Join(lines, "\n")) == boot.StateNothing && len(became.Screen) > 0 {
		lines, where = became.Screen, "screen"
	}
	if len(lines) == 0 {
		return ""
	}
	text := fmt.Sprintf("; the last on its %s:\n  %s", where, strings.Join(lines[max(0, len(lines)-few):], "\n  "))
	if became.ScreenshotPath != "" {
		text += "\nIts screen is in " + became.ScreenshotPath
	}
	return text
}
