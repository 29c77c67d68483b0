package presentation

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

// dot is a picture of one pixel.
const dot = "\x89PNG\r\n\x1a\n"

func readReport(t *testing.T, path string) *report.Report {
	t.Helper()
	r, err := report.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// shown is the report in both forms, by the names of its golden files.
func shown(t *testing.T, r *report.Report, picture Picture) map[string]string {
	t.Helper()
	text, err := Text(r)
	if err != nil {
		t.Fatal(err)
	}
	page, err := HTML(r, picture)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{"report.txt": text, "report.html": string(page)}
}

func TestReports(t *testing.T) {
	t.Parallel()
	for name, picture := range map[string]Picture{
		"migration": {PNG: []byte(dot)},
		"dead":      {Missing: "there is none"},
		"cancelled": {},
	} {
		directory := filepath.Join("testdata", name)
		for file, got := range shown(t, readReport(t, filepath.Join(directory, "report.json")), picture) {
			path := filepath.Join(directory, file)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil { //nolint:gosec // part of the sources
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got; -update writes it anew):\n%s", path, diff)
			}
		}
	}
}

// TestRecordedRuns shows the reports that real runs wrote: what a person has to
// know of each is in both forms.
func TestRecordedRuns(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join("..", "report", "testdata", "runs", "*", "report.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("found %q, %v", paths, err)
	}
	for _, path := range paths {
		r := readReport(t, path)
		decoded, err := decode(r)
		if err != nil {
			t.Fatal(err)
		}
		var wanted []string
		for _, failure := range r.Errors {
			wanted = append(wanted, failure.Message, failure.Remedy)
		}
		for _, concern := range r.Concerns {
			wanted = append(wanted, concern.Assessment, concern.Remedy)
		}
		for _, change := range decoded.Changes() {
			wanted = append(wanted, change.Path, change.Description)
		}
		if became := decoded.Validation.Boot; became != nil {
			wanted = append(wanted, became.Differences...)
			if became.Guest != nil {
				wanted = append(wanted, became.Guest.Hostname)
				wanted = append(wanted, became.Guest.FailedUnits...)
			}
		}
		for _, made := range r.Artifacts {
			wanted = append(wanted, made.Path, made.SizeHuman)
		}
		for _, stage := range r.Pipeline.Stages {
			wanted = append(wanted, stage.Name, Seconds(stage.Duration))
		}
		for file, got := range shown(t, r, Picture{}) {
			got = plainWords(got)
			for _, text := range wanted {
				if !strings.Contains(got, plainWords(text)) {
					t.Errorf("%s of %s lacks %q", file, path, text)
				}
			}
		}
	}
}

// plainWords are the words of a text, whatever its escapes and line breaks.
func plainWords(text string) string {
	text = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&#34;", `"`, "&#39;", "'", "&#43;", "+", "&amp;", "&").Replace(text)
	return strings.Join(strings.Fields(text), " ")
}

// hostile is what a guest could call a thing of its own.
const hostile = "</style></pre><x-evil onerror='a'>\"'\x1b[2J\r\u202e\n<x-evil>"

// fill sets all texts to text, whatever they lie in, and all numbers to one.
func fill(value reflect.Value, text string) {
	switch value.Kind() {
	case reflect.String:
		value.SetString(text)
	case reflect.Int, reflect.Int64:
		value.SetInt(1)
	case reflect.Float64:
		value.SetFloat(1)
	case reflect.Pointer:
		value.Set(reflect.New(value.Type().Elem()))
		fill(value.Elem(), text)
	case reflect.Slice:
		value.Set(reflect.MakeSlice(value.Type(), 1, 1))
		fill(value.Index(0), text)
	case reflect.Map:
		value.Set(reflect.MakeMap(value.Type()))
		element := reflect.New(value.Type().Elem()).Elem()
		fill(element, text)
		value.SetMapIndex(reflect.ValueOf(text).Convert(value.Type().Key()), element)
	case reflect.Struct:
		for n := range value.NumField() {
			if field := value.Field(n); field.CanSet() && field.Type() != reflect.TypeFor[report.Time]() {
				fill(field, text)
			}
		}
	}
}

func filled[T report.StageResult](t *testing.T, text string) json.RawMessage {
	t.Helper()
	var result T
	fill(reflect.ValueOf(&result).Elem(), text)
	encoded, err := json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// TestHostileReport shows a report whose every text wants to be more than a text.
func TestHostileReport(t *testing.T) {
	t.Parallel()
	r := &report.Report{}
	fill(reflect.ValueOf(&r.Artifacts).Elem(), hostile)
	fill(reflect.ValueOf(&r.NewMachine).Elem(), hostile)
	fill(reflect.ValueOf(&r.Concerns).Elem(), hostile)
	r.Concerns = append(r.Concerns, r.Concerns[0])
	r.Concerns[1].Category = report.Information
	fill(reflect.ValueOf(&r.Warnings).Elem(), hostile)
	fill(reflect.ValueOf(&r.Errors).Elem(), hostile)
	r.Pipeline.Stages = report.Stages{
		{Name: hostile, Error: hostile},
		{Name: report.StageLoadManifest, Result: filled[report.LoadResult](t, hostile)},
		{Name: report.StageInspect, Result: filled[report.Inspection](t, hostile)},
		{Name: report.StageFix, Result: filled[report.FixResult](t, hostile)},
		{Name: report.StageConvert, Result: filled[report.Conversion](t, hostile)},
		{Name: report.StageValidate, Result: filled[report.Validation](t, hostile)},
	}
	for file, got := range shown(t, r, Picture{Missing: hostile}) {
		if !strings.Contains(got, "x-evil") {
			t.Errorf("%s shows nothing of the report", file)
		}
		if file == "report.html" && strings.Contains(got, "<x-evil") {
			t.Errorf("%s has a tag of the guest:\n%s", file, got)
		}
		for line := range strings.Lines(got) {
			if file == "report.txt" && strings.HasPrefix(strings.TrimSpace(line), "<x-evil>") && !strings.HasPrefix(line, "    ") {
				t.Errorf("%s has a line that the guest began: %q", file, line)
			}
		}
		for _, r := range got {
			if unicode.IsControl(r) && r != '\n' || unicode.Is(unicode.Bidi_Control, r) {
				t.Errorf("%s holds %U", file, r)
			}
		}
	}
}

// TestPageLoadsNothing holds the page to what it promises.
func TestPageLoadsNothing(t *testing.T) {
	t.Parallel()
	for _, forbidden := range []string{"<script", "<link", "http://", "https://", "url(", "@import", "<iframe"} {
		if strings.Contains(pageText, forbidden) {
			t.Errorf("the page has %q", forbidden)
		}
	}
}

func TestUnreadableResult(t *testing.T) {
	t.Parallel()
	r := &report.Report{Pipeline: report.Pipeline{Stages: report.Stages{{Name: report.StageFix, Result: json.RawMessage(`{"changes": 1}`)}}}}
	if _, err := Text(r); err == nil || !strings.Contains(err.Error(), "stage fix") {
		t.Errorf("text: %v", err)
	}
	if _, err := HTML(r, Picture{}); err == nil || !strings.Contains(err.Error(), "stage fix") {
		t.Errorf("page: %v", err)
	}
}

// TestManyWarnings folds what would bury the rest of the page, and nothing critical.
func TestManyWarnings(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		critical, warned int
		folded           string
	}{
		"few":           {critical: 1, warned: mostTold - 1},
		"many":          {critical: 2, warned: mostTold, folded: "2 more"},
		"much critical": {critical: mostTold + 3, warned: 1, folded: "1 more"},
	} {
		r := &report.Report{}
		for n := range tc.critical + tc.warned {
			category := report.Critical
			if n >= tc.critical {
				category = report.Warned
			}
			r.Concerns = append(r.Concerns, report.Concern{Category: category, Assessment: fmt.Sprintf("finding %d.", n)})
		}
		page := shown(t, r, Picture{})["report.html"]
		plain, folded, found := strings.Cut(page, "<details>")
		if found != (tc.folded != "") || !strings.Contains(folded, tc.folded) {
			t.Errorf("%s: folded is %q", name, folded)
		}
		for n := range tc.critical + tc.warned {
			if !strings.Contains(page, fmt.Sprintf("finding %d.", n)) {
				t.Errorf("%s: the page lacks finding %d", name, n)
			}
		}
		if got := strings.Count(plain, `class="told critical"`); got != tc.critical {
			t.Errorf("%s: %d of %d are in plain sight", name, got, tc.critical)
		}
	}
}
