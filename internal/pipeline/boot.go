package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/boot"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// target is the machine that a run's outputs are for, as far as it is known.
type target struct {
	firmware, diskBus, nicModel, arch string
	nics                              []report.NIC
	// fixed says that the guest was prepared for it, hibernated that it was not
	// shut down.
	fixed, hibernated bool
}

// targetOf is the machine that what the stages have found out describes. The
// latter two are empty where their stages did not run.
func targetOf(o opened, seen inspected, mended fixed) target {
	found := seen.report.Guest
	t := target{
		firmware: cmp.Or(found.Firmware, firmwareOf(o.tables, o.describedFirmware())),
		diskBus:  cmp.Or(mended.report.DiskBus, found.DiskBus),
		nicModel: cmp.Or(mended.report.NICModel, found.NICModel),
		arch:     cmp.Or(found.Arch, mended.guest.os.Arch),
		nics:     o.describedNICs(),
	}
	t.fixed = mended.report.DiskBus != ""
	t.hibernated = seen.disks.hibernated || mended.guest.hibernated
	return t
}

// buses are the disk buses of outputs as the boot room calls them. A guest of
// which nothing is known is booted from what migrations are for.
var buses = map[string]boot.Bus{
	"": boot.VirtioBlk, "virtio": boot.VirtioBlk, "scsi": boot.VirtioSCSI, "sata": boot.SATA, "ide": boot.IDE,
}

// cards are the network cards of the old machine as the new one has them.
func (t target) cards() []boot.NIC {
	var cards []boot.NIC
	for _, nic := range t.nics {
		cards = append(cards, boot.NIC{Model: t.nicModel, MAC: nic.MAC})
	}
	if len(cards) == 0 {
		cards = []boot.NIC{{Model: t.nicModel}}
	}
	return cards
}

// checkBoot refuses a boot that this host cannot do, before the work that it
// comes after.
func checkBoot(j job, t target) error {
	if wanted := j.manifest.Pipeline.Validate; !wanted.Enabled || !wanted.Boot.Enabled || j.manifest.Options.DryRun {
		return nil
	}
	if err := j.host.lacks(boot.Firmware(t.firmware)); err != nil {
		return remedy.With(fmt.Errorf("pipeline.validate.boot: %w", err), remedy.Of(err)+", or switch pipeline.validate.boot off")
	}
	return nil
}

// prove boots the guest from the written images. What is seen of it is in the
// report, whether it comes up or not.
func prove(ctx context.Context, j job, o opened, images []image, t target, seen *report.Validation) error {
	if reason := t.unbootable(); reason != "" {
		j.say.warnOf(report.ConcernBoot, "the guest was not booted: "+reason, "boot it by hand, or switch pipeline.validate.boot off")
		return nil
	}
	options := j.manifest.Pipeline.Validate.Boot
	machine := boot.Machine{
		Firmware: boot.Firmware(t.firmware), Bus: buses[t.diskBus], NICs: t.cards(), MemoryMiB: options.MemoryMiB, CPUs: options.CPUs,
		Accelerator: accelerator(ctx, j.options.Acceleration), Directory: o.artifacts.Dir(),
	}
	for _, image := range images {
		machine.Disks = append(machine.Disks, boot.Disk{Path: image.temporary, Format: image.format})
	}
	watching := boot.Watching{Timeout: time.Duration(options.TimeoutSeconds) * time.Second}
	err := eachPassphrase(j.manifest.Source.LUKSKeys, func(_, passphrase string) {
		watching.Passphrases = append(watching.Passphrases, passphrase)
	})
	if err != nil {
		return err
	}
	j.say.progress(checkedUntil(j.manifest), "booting the guest")
	outcome, err := j.host.boot(ctx, machine, watching)
	if err != nil {
		return err
	}
	seen.Boot = describeBoot(outcome, machine, watching.Passphrases)
	return j.answerBoot(images[0], t, seen)
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

func describeBoot(outcome boot.Outcome, m boot.Machine, secrets []string) *report.Boot {
	hide := func(text string) string {
		for _, secret := range secrets {
			if secret != "" {
				text = strings.ReplaceAll(text, secret, "***")
			}
		}
		return text
	}
	described := &report.Boot{
		Verdict: string(outcome.Verdict), State: string(outcome.State), Reason: hide(outcome.Reason),
		Seconds: seconds(outcome.Duration.Seconds()), Resets: outcome.Resets,
		Machine: report.BootMachine{
			Firmware: string(m.Firmware), DiskBus: diskBusOf(m.Bus), NICModel: cmp.Or(m.NICs[0].Model, virtioHardware.nicModel),
			MemoryMiB: m.MemoryMiB, CPUs: m.CPUs, Accelerator: outcome.Accelerator,
		},
		Evidence: []report.BootEvidence{}, Frames: []report.BootFrames{},
		Console: boot.LastLines(hide(outcome.Console), lastLines), Screen: boot.LastLines(hide(outcome.Screen.Text), lastLines),
	}
	for _, e := range outcome.Evidence {
		described.Evidence = append(described.Evidence, report.BootEvidence{Source: e.Source, Seconds: seconds(e.Seconds), Seen: hide(e.Seen)})
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
		err := remedy.With(fmt.Errorf("the guest of %s does not boot: %s, after %.0f s%s", name, deathOf(became), became.Seconds, lastWords(became)), t.cure(became))
		if j.manifest.Pipeline.Validate.Boot.OnFailure == manifest.BootFatal {
			return &evidenceError{error: err, seen: seen}
		}
		j.say.warnOf(report.ConcernBoot, err.Error(), remedy.Of(err))
	default:
		j.say.warnOf(report.ConcernBoot, fmt.Sprintf("whether the guest of %s boots is not known: %s%s", name, deathOf(became), lastWords(became)), t.cure(became))
	}
	return nil
}

// deathOf is what the guest came to, and the line that says why.
func deathOf(became *report.Boot) string {
	sentence := boot.State(became.State).Sentence()
	if sentence == "" || strings.HasPrefix(became.Reason, sentence) {
		return became.Reason
	}
	return sentence + " (" + became.Reason + ")"
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
	return fmt.Sprintf("; the last on its %s:\n  %s", where, strings.Join(lines[max(0, len(lines)-few):], "\n  "))
}

// cure is what can be done about a guest that has not come up.
func (t target) cure(became *report.Boot) string {
	state := boot.State(became.State)
	notFixed := []boot.State{boot.StateInitramfsShell, boot.StateDeviceWait, boot.StateEmergency, boot.StatePanic, boot.StateGRUB, boot.StateNoBootDevice}
	switch {
	case !t.fixed && slices.Contains(notFixed, state):
		return "enable the fix stage, which prepares the guest for KVM; or set pipeline.validate.boot.on_failure to warn to publish the image all the same"
	case state == boot.StatePassphrase:
		return "give the passphrase in source.luks_keys"
	case state == boot.StateStopped:
		return "make room on the file system of the output directory"
	case state == boot.StateNothing, state == boot.StateSilent:
		return "raise pipeline.validate.boot.timeout_seconds if this host is slow; a serial console in the guest (console=ttyS0 on its kernel's command line) " +
			"tells more"
	default:
		return "see the console in the report and the warnings of the fix stage; or set pipeline.validate.boot.on_failure to warn to publish the image all the same"
	}
}
