package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// Preflight says what would fail the migration that m describes if it ran now,
// which guest that is, and what it gives cause for, and changes nothing. It reads
// headers and tables and what of the guest can be read without an appliance. That
// takes a part of a second, or, where these are large or space is scarce, as long
// as ctx allows. What is not known by then is not said. An empty source.path or
// output.directory is one that is not known yet. What m.CheckHost says is left to
// it.
func Preflight(ctx context.Context, m *manifest.Manifest, o Options) report.Foreseen {
	return newJob(m, o).preflight(ctx)
}

func (j job) preflight(ctx context.Context) (found report.Foreseen) {
	m, o := j.manifest, j.options
	j.host.freeSpace = withFreed(j.host.freeSpace, o.Freed)
	add := func(attribute string, err error) {
		found.Problems = append(found.Problems, report.Problem{Attribute: attribute, Message: err.Error(), Remedy: remedy.Of(err)})
	}
	missing := qemuimg.Installed()
	if missing != nil {
		add("", missing)
	}
	if len(applianceStages(m)) > 0 {
		for _, lack := range j.host.check(ctx, o.Acceleration) {
			add("", lack)
		}
	}
	if err := checkBoot(j, target{}); err != nil {
		add("", err)
	}
	if err := checkWorkDirectory(o.WorkDirectory); err != nil {
		add("", err)
	}
	usable := m.Output.Directory != ""
	if usable {
		if err := checkOutputDirectory(m.OutputDirectory()); err != nil {
			add("output.directory", err)
			usable = false
		}
	}
	placed := usable && !o.Unplaced
	if placed {
		j.occupiedImages(imagePaths(m, 1), &found)
		found.Problems = append(found.Problems, j.occupiedBeside()...)
	}
	if m.Source.Path == "" || m.CheckHost() != nil {
		return found
	}
	probed, err := source.Probe(ctx, sourceRequest(m, ""))
	if err != nil {
		if ctx.Err() == nil {
			add("source", err)
		}
		return found
	}
	if others := imagePaths(m, len(probed.Disks)); placed && len(others) > 1 {
		j.occupiedImages(others[1:], &found)
	}
	if missing != nil { // nothing could be read
		return found
	}
	j.foresee(ctx, probed, &found)
	if !usable { // nothing could be measured
		return found
	}
	if err := checkUnpacking(j, probed.Unpacked); err != nil {
		add("output.directory", err)
	}
	if shortage, certain := expectedShortage(ctx, j, probed.Disks); shortage != nil {
		add("output.directory", shortage)
		found.Problems[len(found.Problems)-1].Uncertain = !certain
	}
	return found
}

// checkOutputDirectory refuses an output directory that is, or lies below, a file
// or that cannot be written.
func checkOutputDirectory(directory string) error {
	at := existing(directory)
	info, err := os.Stat(at)
	if isFile := err == nil && !info.IsDir(); !isFile {
		return checkWritable(at)
	}
	problem := fmt.Errorf("the output directory %s is a file", directory)
	if at != directory {
		problem = fmt.Errorf("the output directory %s cannot be made, because %s is a file", directory, at)
	}
	return remedy.With(problem, "choose another output.directory, or move that file away")
}

// checkWritable asks whether files can be made in a directory and makes none.
// What else may stand in the way is found by the migration.
func checkWritable(directory string) error {
	return artifact.Unwritable(directory, mayWrite(directory))
}

// checkWorkDirectory looks at a work directory that was chosen.
func checkWorkDirectory(directory string) error {
	if directory == "" {
		return nil
	}
	info, err := os.Stat(directory)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return remedy.With(fmt.Errorf("the work directory %s does not exist", directory), "make it, or set no work directory")
	case err != nil:
		return fmt.Errorf("the work directory cannot be used: %w", err)
	case !info.IsDir():
		return remedy.With(fmt.Errorf("the work directory %s is no directory", directory), "choose another")
	}
	if err := mayWrite(directory); err != nil {
		return remedy.With(fmt.Errorf("the work directory %s may not be written: %w", directory, err), "let this user write there, or choose another")
	}
	return nil
}

// checkUnpacking compares what unpacking takes at least with what there is.
func checkUnpacking(j job, needed int64) error {
	if needed == 0 {
		return nil
	}
	work := existing(workDirectory(j.manifest, j.options))
	free, err := j.host.freeSpace(work)
	if err != nil || needed <= free {
		return err
	}
	return remedy.With(fmt.Errorf("unpacking the source needs more than %s in %s, and %s are free",
		report.HumanSize(needed), work, report.HumanSize(free)),
		"free space there, choose another work directory, or unpack the source yourself")
}

// expectedShortage is the shortage of which load_manifest would warn or for which
// it would fail. For the latter, it is certain.
func expectedShortage(ctx context.Context, j job, disks []source.Disk) (shortage error, certain bool) {
	shortage, certain, err := j.capacity().shortage(ctx, sizedDisks(disks))
	if err != nil {
		shortage, certain = err, true
	}
	if context.Cause(ctx) != nil { // measuring took too long
		shortage = nil
	}
	return shortage, certain
}
