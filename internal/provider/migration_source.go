package provider

import (
	"fmt"
	"os"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// sourceFiles are the files of the source as the run found them, from the
// result of load_manifest.
func sourceFiles(rep *report.Report) []report.SourceFile {
	loaded, err := report.ResultOf[report.LoadResult](rep)
	if err != nil {
		return nil
	}
	return loaded.Files
}

// sourceFingerprint tells people what the files were; an empty text if that is
// not known. The files themselves are compared one by one.
func sourceFingerprint(files []report.SourceFile) string {
	if len(files) == 0 {
		return ""
	}
	var size int64
	var modified time.Time
	for _, file := range files {
		size += file.SizeBytes
		if file.Modified.After(modified) {
			modified = file.Modified
		}
	}
	text := fmt.Sprintf("%d bytes, modified %s", size, modified.UTC().Format(time.RFC3339Nano))
	if len(files) > 1 {
		text = fmt.Sprintf("%d files, %s", len(files), text)
	}
	return text
}

// sourceChanges says which of the files are others now, and how.
func sourceChanges(files []report.SourceFile) []string {
	var changed []string
	for _, file := range files {
		if !file.Changed() {
			continue
		}
		text := fmt.Sprintf("%s had %d bytes of %s", file.Path, file.SizeBytes, file.Modified.UTC().Format(time.RFC3339Nano))
		if now, err := os.Stat(file.Path); err == nil {
			text += fmt.Sprintf(" and now has %d bytes of %s", now.Size(), now.ModTime().UTC().Format(time.RFC3339Nano))
		}
		changed = append(changed, text)
	}
	return changed
}
