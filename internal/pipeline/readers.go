package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
)

// readers are those who may read all of the source, and whatever else is given:
// the guest's secrets are in an image, and much of its configuration is in the
// report. While the source is not known, nobody may but who runs this.
func (r *run) readers(more ...fs.FileInfo) (readers artifact.Readers, known bool) {
	if r.source == nil || len(r.source.Files) == 0 {
		return readers, false
	}
	for _, file := range r.source.Files {
		readers.Add(file.Info)
	}
	for _, info := range more {
		readers.Add(info)
	}
	return readers, true
}

// guardImage lets nobody read an image who could not read all of its source.
func (r *run) guardImage(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // opened for reading
	readers, _ := r.readers()
	return r.exposed(readers.Guard(file))
}

// guardReport lets nobody read the report who could not read all of the source
// and all of the images.
func (r *run) guardReport(file *os.File) error {
	var images []fs.FileInfo
	for _, path := range r.published() {
		if info, err := os.Stat(path); err == nil {
			images = append(images, info)
		}
	}
	readers, known := r.readers(images...)
	if !known {
		return r.exposed(artifact.Hide(file))
	}
	return r.exposed(readers.Guard(file))
}

// showProgress lets those follow the run who may read the source.
func (r *run) showProgress() {
	readers, known := r.readers()
	if r.progressFile == nil || !known {
		return
	}
	if err := r.exposed(r.progressFile.file.Admit(readers)); err != nil {
		r.warn("only its owner can read "+progressName+": "+err.Error(), "")
	}
}

// exposed warns, once a run, where a file system keeps no modes: who may read its
// files was chosen at its mount.
func (r *run) exposed(err error) error {
	var exposed *artifact.ExposedError
	if !errors.As(err, &exposed) {
		return err
	}
	if !r.saidExposed {
		r.saidExposed = true
		r.warn(fmt.Sprintf("others may read what this run writes to %s than may read the source: files there get the mode %04o where %04o is wanted",
			r.manifest.OutputDirectory(), exposed.Mode, exposed.Want),
			"choose an output.directory on a file system that keeps modes, or mount this one for yourself alone")
	}
	return nil
}
