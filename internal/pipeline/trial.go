package pipeline

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/boot"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/probe"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// trial is what was prepared for the boot of a guest.
type trial struct {
	// layers lie over the disks of the source, in their order, with a probe in
	// them. There are none where the guest is booted without.
	layers []string
	// expected is what the guest is configured to be once it is up.
	expected probe.Expected
}

// layer is that of the n-th disk, or empty.
func (t trial) layer(n int) string {
	if n >= len(t.layers) {
		return ""
	}
	return t.layers[n]
}

// bootLimit is how long the guest has to come up.
func (j job) bootLimit() time.Duration {
	return time.Duration(j.manifest.Pipeline.Validate.Boot.TimeoutSeconds) * time.Second
}

// prepareTrial puts a probe into the guest, in layers that the images to be
// published have nothing of. Without them the guest is booted all the same, and
// tells less.
func (x examined) prepareTrial(ctx context.Context, j job) (trial, error) {
	if !j.boots() || x.found == nil || x.found.Type != "linux" {
		return trial{}, nil
	}
	j.say.progress(0, "preparing the trial of the guest")
	prepared, failure := x.layProbe(ctx, j)
	if ctx.Err() != nil {
		return trial{}, ctx.Err()
	}
	if failure != nil {
		j.say.find(report.ConcernNoProbe, "the guest is booted without a probe, so what it has come up with is not compared with its configuration: "+failure.Error(),
			"look in the guest at its addresses, its mounts and its failed units before the old machine is given up")
		return trial{}, nil //nolint:nilerr // it costs no more than what the probe would tell
	}
	return prepared, nil
}

func (x examined) layProbe(ctx context.Context, j job) (trial, error) {
	var t trial
	for n := range x.overlays {
		path, err := filepath.Abs(filepath.Join(x.opened.artifacts.Dir(), fmt.Sprintf("disk%d.trial.qcow2", n+1)))
		if err != nil {
			return trial{}, err
		}
		t.layers = append(t.layers, path)
	}
	if err := x.session.Layer(t.layers); err != nil {
		return trial{}, err
	}
	mounts, _, err := x.session.MountGuest(*x.found)
	if err != nil {
		return trial{}, err
	}
	e, err := edit.New(edit.Guest{FS: x.session.Session, Runner: x.session.Session, Mounts: mounts, Scratch: x.opened.artifacts.Dir()}, false)
	if err != nil {
		return trial{}, err
	}
	if t.expected, err = probe.Read(e.Reader); err != nil {
		return trial{}, err
	}
	// The rest of the time is for those who are late, and for telling so.
	return t, errors.Join(probe.Install(ctx, e, t.expected, j.bootLimit()*2/3), x.session.Unmount())
}

// trialDisks are the images to boot from: the layers, over the images that are to
// be published, or these alone.
func (j job) trialDisks(ctx context.Context, images []image, tried trial) (disks []boot.Disk, probed bool) {
	var failure error
	for _, image := range images {
		disks = append(disks, boot.Disk{Path: image.temporary, Format: image.format, SectorSize: image.sectorSize})
	}
	if len(tried.layers) == 0 {
		return disks, false
	}
	layered := make([]boot.Disk, len(images))
	for n, image := range images {
		layered[n] = boot.Disk{Path: image.layer, Format: "qcow2", SectorSize: image.sectorSize}
		failure = errors.Join(failure, layOver(ctx, image))
	}
	if failure != nil {
		j.say.find(report.ConcernNoProbe, "the guest is booted without its probe: "+failure.Error(),
			"look in the guest at its addresses, its mounts and its failed units before the old machine is given up")
		return disks, false
	}
	return layered, true
}

// layOver puts an image's layer over it, which was over the overlay that the
// image was made of: a guest sees the same in both.
func layOver(ctx context.Context, i image) error {
	temporary, err := filepath.Abs(i.temporary)
	if err != nil {
		return err
	}
	written := qemuimg.Image{Path: temporary, Format: i.format}
	info, err := qemuimg.GetInfo(ctx, written)
	if err != nil {
		return err
	}
	if info.VirtualSize != i.virtualSize {
		return fmt.Errorf("%s has another size than the source's disk", i.final)
	}
	return qemuimg.Rebase(ctx, i.layer, written)
}

// compareBoot enters what the guest has said of itself into the report, and warns
// of what is not as it is configured. In emergency mode only what it lacks for more
// is told, with the failure.
func (j job) compareBoot(tried trial, watched boot.Watching, outcome boot.Outcome, became *report.Boot) {
	var differences []probe.Difference
	if outcome.Facts != nil {
		became.Guest = describeFacts(*outcome.Facts)
	}
	switch {
	case outcome.Facts == nil && outcome.Verdict == boot.Booted && len(tried.layers) > 0:
		j.say.find(report.ConcernNoProbe, "the guest has come up, and its probe has said nothing: what it has come up with is not compared with its configuration",
			"look in the guest at its addresses, its mounts and its failed units before the old machine is given up")
	case outcome.Facts == nil:
	case outcome.Verdict == boot.Booted:
		differences = probe.Compare(tried.expected, *outcome.Facts)
	case outcome.State == boot.StateEmergency:
		differences = probe.CompareMounts(tried.expected, *outcome.Facts)
	}
	if outcome.Verdict == boot.Booted && watched.Agent && !outcome.AgentAnswers {
		differences = append(differences, probe.SilentAgent())
	}
	for _, difference := range differences {
		became.Differences = append(became.Differences, difference.Message)
		if outcome.Verdict == boot.Booted {
			j.say.find(report.ConcernBootDiffers, difference.Message, difference.Remedy)
		}
	}
}

func describeFacts(f boot.Facts) *report.BootGuest {
	described := &report.BootGuest{
		Hostname: f.Hostname, Kernel: f.Kernel, SELinux: f.SELinux, Seconds: seconds(f.Seconds), Progress: string(f.Boot),
		Cards: []report.BootCard{}, FailedUnits: append([]string{}, f.Failed...), Swaps: append([]string{}, f.Swaps...),
		Mounts: []report.BootMount{}, Routes: []report.BootRoute{},
	}
	for _, card := range f.Cards {
		c := report.BootCard{Name: card.Name, MAC: card.MAC, Device: card.Physical, Addresses: []string{}}
		for _, address := range card.Addresses {
			c.Addresses = append(c.Addresses, address.String())
		}
		described.Cards = append(described.Cards, c)
	}
	for _, route := range f.Routes {
		r := report.BootRoute{Card: route.Card}
		if route.Gateway.IsValid() {
			r.Gateway = route.Gateway.String()
		}
		described.Routes = append(described.Routes, r)
	}
	for _, mount := range f.Mounts {
		if guest.IsOnDisk(mount.Type) {
			described.Mounts = append(described.Mounts, report.BootMount{Path: mount.Path, Type: mount.Type, Source: mount.Source})
		}
	}
	return described
}
