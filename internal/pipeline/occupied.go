package pipeline

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// The fields of the manifest that decide where outputs are.
const (
	placeOfImages = "output"
	placeOfReport = "options.report.path"
)

// occupiedImages says what stands where the images are to be: that the migration would
// refuse to replace it, or would replace it. What is freed will be gone, and so will be
// what a dead run has left.
func (j job) occupiedImages(paths []string, found *report.Foreseen) {
	for _, path := range paths {
		if slices.Contains(j.options.Freed, path) {
			continue
		}
		record, err := artifact.ReadRecord(path)
		made := err == nil
		if made && artifact.Unfinished(path, record) {
			continue
		}
		if err := artifact.Vacant(path, j.manifest.Output.Overwrite); err != nil {
			found.Problems = append(found.Problems, j.inTheWay(placeOfImages, err, made))
		} else if _, err := os.Lstat(path); err == nil {
			found.Replaced = append(found.Replaced, path)
		}
	}
}

// occupiedBeside does the same for the report and what is kept of a boot. What was
// said of an image need not be said of the report on it.
func (j job) occupiedBeside() (problems []report.Problem) {
	if err := j.checkReportDirectory(); err != nil {
		problems = append(problems, j.inTheWay(placeOfReport, err, false))
	} else if err := checkReport(j.manifest, slices.Concat(j.options.Freed, imagePaths(j.manifest, 1))...); err != nil {
		_, notOne := report.Read(j.manifest.ReportPath())
		problems = append(problems, j.inTheWay(placeOfReport, err, notOne == nil))
	}
	if err := checkEvidence(j.manifest); err != nil {
		problems = append(problems, j.inTheWay(placeOfReport, err, false))
	}
	return problems
}

// inTheWay is uncertain where a migration has made what is there and nothing is told
// to be freed: Terraform does not say what it will destroy before in place of a
// tainted resource.
func (j job) inTheWay(attribute string, err error, made bool) report.Problem {
	return report.Problem{Attribute: attribute, Message: err.Error(), Remedy: cmp.Or(remedy.Of(err), "choose another place"), Uncertain: made && len(j.options.Freed) == 0}
}

// checkReportDirectory refuses a directory of the report that cannot be made or
// written. The output directory is checked by itself.
func (j job) checkReportDirectory() error {
	directory := filepath.Dir(j.manifest.ReportPath())
	if !j.manifest.Options.Report.Enabled || directory == j.manifest.OutputDirectory() {
		return nil
	}
	at := existing(directory)
	if info, err := os.Stat(at); err == nil && !info.IsDir() {
		return remedy.With(fmt.Errorf("the directory of the report %s is a file", at), "choose another options.report.path, or move that file away")
	}
	return checkWritable(at)
}
