package presentation

import (
	"bytes"
	_ "embed" // the page's template
	"encoding/base64"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"unicode"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"seconds":  Seconds,
	"size":     report.HumanSize,
	"artifact": func(kind string) string { return artifactNames[kind] },
	"content":  content,
	"virtio":   virtio,
	"number":   func(index int) int { return index + 1 }, // as the evidence counts
	"nics":     nics,
	"diff":     diffLines,
	"join":     strings.Join,
	"bootLine": BootLine,
	"said":     said,
}).Parse(pageText))

// Picture is a picture of the guest's screen. Missing says why there is none to
// show.
type Picture struct {
	PNG     []byte
	Missing string
}

// HTML is the report as one page, with the picture in it. It runs no script and
// loads nothing, and what comes from the guest is text in it.
func HTML(r *report.Report, picture Picture) ([]byte, error) {
	decoded, err := decode(r)
	if err != nil {
		return nil, err
	}
	var page bytes.Buffer
	err = pageTemplate.Execute(&page, htmlPage{run: decoded, Missing: picture.Missing, Screen: dataURI(picture.PNG)})
	if err != nil {
		return nil, fmt.Errorf("writing the page: %w", err)
	}
	return bytes.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return unicode.ReplacementChar
		}
		return r
	}, page.Bytes()), nil
}

// htmlPage is what the template is given.
type htmlPage struct {
	run
	Screen  template.URL
	Missing string
}

// dataURI is safe in an attribute: base64 has no character that ends one.
func dataURI(png []byte) template.URL {
	if len(png) == 0 {
		return ""
	}
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(png)) //nolint:gosec // base64
}

// mostTold is how many warnings are in plain sight: what is below them on the page
// is to be found, too. All that is critical is.
const mostTold = 12

// Told are the concerns that a person should read first.
func (p htmlPage) Told() []report.Concern {
	told, _ := p.told()
	return told
}

// MoreTold are those that there are too many of to show all at once.
func (p htmlPage) MoreTold() []report.Concern {
	_, more := p.told()
	return more
}

func (p htmlPage) told() (first, more []report.Concern) {
	all := slices.DeleteFunc(slices.Clone(p.Concerns), isRemark)
	shown := mostTold
	for shown < len(all) && all[shown].Category == report.Critical {
		shown++
	}
	shown = min(shown, len(all))
	return all[:shown], all[shown:]
}

// Remarks are the concerns that ask for nothing.
func (p htmlPage) Remarks() []report.Concern {
	return slices.DeleteFunc(slices.Clone(p.Concerns), func(c report.Concern) bool { return !isRemark(c) })
}

func isRemark(c report.Concern) bool { return c.Category == report.Information }

// diffLine is a line of a diff and the class of its look.
type diffLine struct{ Class, Text string }

func diffLines(diff string) []diffLine {
	var lines []diffLine
	for line := range strings.Lines(diff) {
		class := ""
		switch {
		case strings.HasPrefix(line, "@@"), strings.HasPrefix(line, "--- "), strings.HasPrefix(line, "+++ "):
			class = "place"
		case strings.HasPrefix(line, "+"):
			class = "added"
		case strings.HasPrefix(line, "-"):
			class = "removed"
		}
		lines = append(lines, diffLine{class, line})
	}
	return lines
}
