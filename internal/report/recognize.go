package report

import (
	"encoding/json"
	"fmt"
	"os"
)

// maxReportSize bounds, in bytes, what is read of a file that claims to be a
// report: reports with many diffs stay far below it.
const maxReportSize = 64 << 20

// Recognize says whether the file at path is a report: nil if it is, an error
// that says why not. A missing file satisfies errors.Is(err, fs.ErrNotExist).
func Recognize(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() > maxReportSize {
		return fmt.Errorf("%s exists and is not a report: choose another path or remove it", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var r Report
	if err := json.Unmarshal(text, &r); err != nil || r.Version != Version {
		return fmt.Errorf("%s exists and is not a report: choose another path or remove it", path)
	}
	return nil
}
