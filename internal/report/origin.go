package report

import (
	"encoding/json"
	"os"
	"time"
)

// Origin is what an ownership record tells of the run that made a file, so
// that Terraform can take the file over.
type Origin struct {
	// Manifest is the run's manifest without its secrets.
	Manifest json.RawMessage `json:"manifest"`
	// Source are the files that were read.
	Source []SourceFile `json:"source,omitempty"`
	// Artifacts are all images of the run.
	Artifacts []Artifact `json:"artifacts,omitempty"`
}

// SourceFile is one file of a source as it was when it was migrated.
type SourceFile struct {
	Path      string    `json:"path"`
	SizeBytes int64     `json:"size_bytes"`
	Modified  time.Time `json:"modified"`
}

// Changed reports whether the file is another one now, by size and time alone.
// The inode does not count: restoring a disk from a backup changes nothing of
// it. A file that is not there or cannot be seen has not changed.
func (f SourceFile) Changed() bool {
	now, err := os.Stat(f.Path)
	return err == nil && (now.Size() != f.SizeBytes || !now.ModTime().Equal(f.Modified))
}
