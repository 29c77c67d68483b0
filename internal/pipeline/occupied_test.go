package pipeline

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// TestPreflightSaysWhatIsInTheWay: a replacement deletes the old image before the
// migration says that something stands where the new one, or what comes with it, is
// to be.
func TestPreflightSaysWhatIsInTheWay(t *testing.T) {
	t.Parallel()
	overwrite := func(m *manifest.Manifest) { m.Output.Overwrite = true }
	for name, test := range map[string]struct {
		place     func(t *testing.T, directory string) // puts there what is there
		freed     string                               // the image that will be gone
		unplaced  bool
		edit      func(*manifest.Manifest)
		uncertain bool
		want      string // "attribute: message", or nothing
		replaced  string // what is overwritten, or nothing
	}{
		"nothing":                                       {},
		"the user's":                                    {place: own("new.qcow2"), want: "output: output file DIR/new.qcow2 exists and this program did not make it"},
		"the user's, to be overwritten":                 {place: own("new.qcow2"), edit: overwrite, replaced: "new.qcow2"},
		"nothing, to be overwritten":                    {edit: overwrite},
		"an image, to be overwritten":                   {place: published("new.qcow2"), edit: overwrite, replaced: "new.qcow2"},
		"an image that will be gone, to be overwritten": {place: published("new.qcow2"), freed: "new.qcow2", edit: overwrite},
		"what a dead run has left, to be overwritten":   {place: unfinished("new.qcow2"), edit: overwrite},
		"a directory, to be overwritten":                {place: own("new.qcow2/notes"), edit: overwrite, want: "output: output path DIR/new.qcow2 is a directory"},
		"the user's, in a dry run":                      {place: own("new.qcow2"), edit: func(m *manifest.Manifest) { m.Options.DryRun = true }},
		"the user's, where no place is known":           {place: own("new.qcow2"), unplaced: true},
		"an image that will be gone":                    {place: published("new.qcow2"), freed: "new.qcow2"},
		"an image that another migration has":           {place: published("new.qcow2"), freed: "old.qcow2", want: "output: output file DIR/new.qcow2 exists; run "},
		"an image that may be gone":                     {place: published("new.qcow2"), uncertain: true, want: "output: output file DIR/new.qcow2 exists; run "},
		"what a dead run has left":                      {place: unfinished("new.qcow2"), freed: "old.qcow2"},
		"an overlay":                                    {place: own("disk.overlay.qcow2"), edit: func(m *manifest.Manifest) { m.Pipeline.Convert.Enabled = false }, want: "output: output file DIR/disk.overlay.qcow2 exists"},
		"no report":                                     {place: own("report.json"), want: "options.report.path: options.report.path: DIR/report.json exists and is not a report"},
		"a report on what will be gone":                 {place: reported("old.qcow2"), freed: "old.qcow2"},
		"an image with its report":                      {place: reported("new.qcow2"), want: "output: output file DIR/new.qcow2 exists"},
		"a report on what stays":                        {place: reported("old.qcow2"), freed: "other.qcow2", want: "options.report.path: options.report.path: DIR/report.json is the report on DIR/old.qcow2, which exists"},
		"a report on what may be gone":                  {place: reported("old.qcow2"), uncertain: true, want: "options.report.path: options.report.path: DIR/report.json is the report on DIR/old.qcow2, which exists"},
		"a report where no place is known":              {place: reported("old.qcow2"), unplaced: true},
		"a report that is switched off":                 {place: own("report.json"), edit: func(m *manifest.Manifest) { m.Options.Report.Enabled = false }},
		"a file above the report":                       {place: own("notes"), edit: func(m *manifest.Manifest) { m.Options.Report.Path = "notes/web.json" }, want: "options.report.path: the directory of the report DIR/notes is a file"},
		"the user's, where a boot's log is kept":        {place: own("report.boot.log"), edit: func(m *manifest.Manifest) { m.Pipeline.Validate.Boot.Enabled = true }, want: "options.report.path: pipeline.validate.boot: DIR/report.boot.log exists"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			m := &manifest.Manifest{
				// What is in the way is so whatever is wrong with the source.
				Version: manifest.Version, Source: manifest.NewSource(manifest.SourceRaw, "/nonexistent/disk.raw"),
				Output:   manifest.Output{Directory: directory, Filename: "new.qcow2", Format: manifest.FormatQCOW2},
				Pipeline: manifest.DefaultPipeline(), Options: manifest.DefaultOptions(),
			}
			options := Options{Unplaced: test.unplaced}
			if test.freed != "" {
				options.Freed = []string{filepath.Join(directory, test.freed)}
			}
			if test.place != nil {
				test.place(t, directory)
			}
			if test.edit != nil {
				test.edit(m)
			}
			before := everything(t, directory)
			problems, replaced := placed(t, m, options)
			if got := strings.TrimPrefix(strings.Join(replaced, " "), directory+"/"); got != test.replaced {
				t.Errorf("it would replace %q, want %q", got, test.replaced)
			}
			if want := strings.ReplaceAll(test.want, "DIR", directory); want == "" && len(problems) > 0 || want != "" && len(problems) != 1 {
				t.Fatalf("got %+v, want %q", problems, want)
			} else if want != "" {
				got := problems[0]
				if said := got.Attribute + ": " + got.Message; !strings.HasPrefix(said, want) || got.Uncertain != test.uncertain || got.Remedy == "" {
					t.Errorf("got %+v, want %q, uncertain: %t", got, want, test.uncertain)
				}
			}
			if after := everything(t, directory); !slices.Equal(after, before) {
				t.Errorf("there is %q, and was %q", after, before)
			}
		})
	}
}

// placed are the problems that a preflight has with the places of the outputs, and what
// would be replaced there.
func placed(t *testing.T, m *manifest.Manifest, o Options) (problems []report.Problem, replaced []string) {
	t.Helper()
	j := newJob(m, o)
	j.host.check = func(context.Context, appliance.Acceleration) []error { return nil }
	foreseen := j.preflight(t.Context())
	problems = slices.DeleteFunc(foreseen.Problems, func(p report.Problem) bool { return p.Attribute != "output" && p.Attribute != "options.report.path" })
	return problems, foreseen.Replaced
}

// own puts a file of the user's.
func own(name string) func(*testing.T, string) {
	return func(t *testing.T, directory string) {
		t.Helper()
		file := filepath.Join(directory, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// published puts an image that a migration has made.
func published(name string) func(*testing.T, string) {
	return func(t *testing.T, directory string) {
		t.Helper()
		run := publishing(t, filepath.Join(directory, name))
		if err := run.Commit(); err != nil {
			t.Fatal(err)
		}
		if err := run.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// unfinished puts an image of a migration that was killed after it gave it its name.
func unfinished(name string) func(*testing.T, string) {
	return func(t *testing.T, directory string) {
		t.Helper()
		publishing(t, filepath.Join(directory, name))
	}
}

func publishing(t *testing.T, image string) *artifact.Run {
	t.Helper()
	run, err := artifact.NewRun(filepath.Dir(image), uuid.NewString())
	if err != nil {
		t.Fatal(err)
	}
	temporary, err := run.Temporary(image)
	if err == nil {
		err = os.WriteFile(temporary, []byte("image"), 0o600)
	}
	if err == nil {
		err = run.PublishAll([]artifact.Publication{{Temporary: temporary, Path: image}}, false)
	}
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// reported puts an image, and the report on it.
func reported(name string) func(*testing.T, string) {
	return func(t *testing.T, directory string) {
		t.Helper()
		own(name)(t, directory)
		r := report.New()
		r.AddArtifact(report.Artifact{Type: report.ArtifactConvertedImage, Path: filepath.Join(directory, name)})
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(directory, "report.json"), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func everything(t *testing.T, directory string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(directory, func(path string, _ os.DirEntry, err error) error {
		names = append(names, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
