package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// readers are those who may read what a run writes: the guest's secrets are in an
// image, and much of its configuration is in the report.
type readers struct {
	say       *reporter
	directory string // of the images
	// files are those of the source, once it is open. While there are none, nobody
	// may read but who runs this.
	files  []source.File
	warned bool
}

// of are those who may read all of the source, and whatever else is given.
func (r *readers) of(more ...fs.FileInfo) (readers artifact.Readers, known bool) {
	if len(r.files) == 0 {
		return readers, false
	}
	for _, file := range r.files {
		readers.Add(file.Info)
	}
	for _, info := range more {
		readers.Add(info)
	}
	return readers, true
}

// guardImage lets nobody read an image who could not read all of its source.
func (r *readers) guardImage(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // opened for reading
	readers, _ := r.of()
	return r.exposed(readers.Guard(file))
}

// handOver gives an image the owner and the mode of the manifest; without a mode,
// nobody may read it who could not read all of its source.
func (r *readers) handOver(path string, output manifest.Output) error {
	if output.Owner != "" {
		uid, gid, err := output.Ownership()
		if err != nil {
			return fmt.Errorf("output.owner: %w", err)
		}
		if err := os.Chown(path, uid, gid); err != nil {
			return remedy.With(fmt.Errorf("output.owner: giving an image to %s: %w", output.Owner, err),
				"choose an output.directory on a file system that keeps owners, migrate as one who may give files away, or leave it out")
		}
	}
	mode, given := output.FileMode()
	if !given {
		return r.guardImage(path)
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // opened for reading
	return r.exposed(artifact.Allow(file, mode))
}

// guardReport lets nobody read the report who could not read all of the source
// and all of the images.
func (r *readers) guardReport(file *os.File, images []string) error {
	var infos []fs.FileInfo
	for _, path := range images {
		if info, err := os.Stat(path); err == nil {
			infos = append(infos, info)
		}
	}
	readers, known := r.of(infos...)
	if !known {
		return r.exposed(artifact.Hide(file))
	}
	return r.exposed(readers.Guard(file))
}

// admitReaders lets those follow the run who may read the source.
func (o *outputs) admitReaders() {
	readers, known := o.readers.of()
	if !known {
		return
	}
	for _, follow := range o.followed {
		if err := o.readers.exposed(follow.file.Admit(readers)); err != nil {
			o.say.find(report.ConcernReaders, "only its owner can read "+progressName+": "+err.Error(),
				"follow the run as the user that runs it, or give others the right to read it (chmod)")
		}
	}
}

// exposed warns, once a run, where a file system keeps no modes: who may read its
// files was chosen at its mount.
func (r *readers) exposed(err error) error {
	var exposed *artifact.ExposedError
	if !errors.As(err, &exposed) {
		return err
	}
	if !r.warned {
		r.warned = true
		r.say.find(report.ConcernReaders, fmt.Sprintf("others may read what this run writes to %s than may read the source: files there get the mode %04o where %04o is wanted",
			r.directory, exposed.Mode, exposed.Want),
			"choose an output.directory on a file system that keeps modes, or mount this one for yourself alone")
	}
	return nil
}
