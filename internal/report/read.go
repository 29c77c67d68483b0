package report

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
)

// maxReportSize bounds, in bytes, what is read of a file that claims to be a
// report: reports with many diffs stay far below it.
const maxReportSize = 64 << 20

// Read reads the report at path. Anything else that is there, a symbolic link
// included, is an error that says so. A missing file satisfies errors.Is(err,
// fs.ErrNotExist).
func Read(path string) (*Report, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxReportSize {
		return nil, fmt.Errorf("%s exists and is not a report", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var r Report
	if err := json.Unmarshal(text, &r); err != nil || r.Version != Version {
		return nil, fmt.Errorf("%s exists and is not a report", path)
	}
	return &r, nil
}

// WrittenTo says whether the file at path is this very report, and not that of
// another run.
func (r *Report) WrittenTo(path string) bool {
	written, err := Read(path)
	return err == nil && written.Timestamp.UTC().Format(layout) == r.Timestamp.UTC().Format(layout)
}

// StandingArtifact returns the path of an image of the report that still
// exists, or "" where none does but those at the paths of except.
func (r *Report) StandingArtifact(except ...string) string {
	for _, a := range r.Artifacts {
		if slices.Contains(except, a.Path) || !a.IsImage() {
			continue
		}
		if _, err := os.Lstat(a.Path); err == nil {
			return a.Path
		}
	}
	return ""
}
