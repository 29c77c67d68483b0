package pipeline

import (
	"context"
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// medium is what the machine's disks are at when their content is wanted: the
// source as it was opened, or overlays on it in an appliance.
type medium interface {
	// release ends whatever has the disks open and says where their content is.
	release(ctx context.Context, j job) (content, error)
}

// content is where the content of the source's disks is.
type content struct {
	images []qemuimg.Image // one for each disk of the source
	// bootDisk is an index into images; bootDiskCertain says that no other disk
	// could be meant as well.
	bootDisk        int
	bootDiskCertain bool
	// trimmed says that what the guest does not use was discarded.
	trimmed bool
	trial   trial
}

// release implements medium: nothing was launched.
func (o opened) release(_ context.Context, j job) (content, error) {
	if j.boots() {
		j.say.find(report.ConcernNoProbe, "the guest is booted without a probe, as no stage has opened it: what it comes up with is not compared with its configuration",
			"enable the inspect or the fix stage")
	}
	c := content{images: o.images()}
	c.bootDisk, c.bootDiskCertain = bootDiskOf(o.tables, firmwareOf(o.tables, o.describedFirmware()), o.describedBootDisk())
	return c, nil
}

// images are the source's disks.
func (o opened) images() []qemuimg.Image {
	var images []qemuimg.Image
	for _, disk := range o.source.Disks {
		images = append(images, disk.Image)
	}
	return images
}

// release implements medium. It discards unused blocks in the overlays, so that
// they are not copied.
func (x examined) release(ctx context.Context, j job) (content, error) {
	say := j.say
	c := content{bootDisk: x.bootDisk, bootDiskCertain: x.bootDiskCertain}
	if x.hibernated {
		// Not a bit of it may change, and inspection may have replayed journals.
		c.images = x.opened.images()
		say.find(report.ConcernHibernated, "the guest is hibernated: it is copied as it is, deleted blocks included, and will go on where it was suspended, on other hardware",
			"start it on the old machine, shut it down, and migrate it then")
		return c, x.session.end()
	}
	for _, overlay := range x.overlays {
		c.images = append(c.images, qemuimg.Image{Path: overlay, Format: "qcow2"})
	}
	var err error
	if c.trimmed, err = x.trim(say); err != nil {
		return content{}, err
	}
	if c.trial, err = x.prepareTrial(ctx, j); err != nil {
		return content{}, err
	}
	return c, x.session.end()
}

// trim discards unused blocks. It saves time and space and is never worth
// failing for.
func (x examined) trim(say *reporter) (bool, error) {
	say.progress(0, "trimming what the guest does not use")
	failures, err := x.session.Trim()
	if err != nil {
		return false, fmt.Errorf("trimming the guest's disks: %w", err)
	}
	for _, err := range failures {
		say.find(report.ConcernNotTrimmed, "deleted blocks are copied along: "+err.Error(),
			"to have a smaller image, run fstrim --all in the guest before the migration")
	}
	return len(failures) == 0, nil
}
