package cli

import (
	"bytes"
	"context"
	"encoding/base64"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// noEngine is for commands that migrate nothing.
func noEngine(t *testing.T) Engine {
	t.Helper()
	return func(context.Context, *manifest.Manifest, pipeline.Options) (*report.Report, error) {
		t.Error("the command migrates")
		return report.New(), nil
	}
}

// bootedReport writes a report of a guest whose screen is in a picture at path.
func bootedReport(t *testing.T, directory, picture string) string {
	t.Helper()
	r := report.New()
	if err := r.StageSucceeded(1, report.Validation{Boot: &report.Boot{Verdict: report.BootBooted, ScreenshotPath: picture}}); err != nil {
		t.Fatal(err)
	}
	r.Finish()
	text, err := r.Indented()
	if err != nil {
		t.Fatal(err)
	}
	return written(t, filepath.Join(directory, "report.json"), text)
}

func written(t *testing.T, path string, text []byte) string {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReport(t *testing.T) {
	t.Parallel()
	path := bootedReport(t, t.TempDir(), "")
	code, text, messages := run(t, noEngine(t), nil, "report", path)
	if code != ExitSuccess || !strings.Contains(text, "succeeded after") || !strings.Contains(text, "booted in 0 s") || messages != "" {
		t.Errorf("exit %d\n%s\n%s", code, text, messages)
	}
	code, text, messages = run(t, noEngine(t), nil, "report", path, "--html")
	if code != ExitSuccess || !strings.HasPrefix(text, "<!DOCTYPE html>") || !strings.HasSuffix(text, "</html>\n") || messages != "" {
		t.Errorf("exit %d\n%s\n%s", code, text, messages)
	}
}

func TestReportErrors(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	other := written(t, filepath.Join(directory, "other.json"), []byte(`{"version": "9"}`))
	missing := filepath.Join(directory, "missing.json")
	for want, args := range map[string][]string{
		"report: give the path of one report":     {"report"},
		"report: give the path of one report\n":   {"report", other, other},
		"report not found: " + missing:            {"report", missing},
		other + " exists and is not a report":     {"report", other},
		directory + " exists and is not a report": {"report", directory},
	} {
		code, text, messages := run(t, noEngine(t), nil, args...)
		if code != ExitInvalid || !strings.Contains(messages, want) || text != "" {
			t.Errorf("%q: exit %d, %q, expected %q", args, code, messages, want)
		}
	}
}

// TestManifestsCalledLikeCommands migrates a manifest that has the name of a command.
func TestManifestsCalledLikeCommands(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"report", "help", "completion"} {
		engine := &recorder{}
		path := written(t, filepath.Join(t.TempDir(), name), []byte(manifestText(t.TempDir(), "{}")))
		if code, _, messages := run(t, engine.engine, nil, "--manifest", path); code != ExitSuccess || engine.calls != 1 {
			t.Errorf("%s: exit %d, %d calls, %s", name, code, engine.calls, messages)
		}
	}
}

func TestPictureOfReport(t *testing.T) {
	t.Parallel()
	var encoded bytes.Buffer
	if err := png.Encode(&encoded, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		t.Fatal(err)
	}
	picture := encoded.Bytes()
	inPage := base64.StdEncoding.EncodeToString(picture)
	there := written(t, filepath.Join(t.TempDir(), "guest.boot.png"), picture)
	secret := written(t, filepath.Join(t.TempDir(), "secret"), []byte("confidential"))
	link := filepath.Join(t.TempDir(), "guest.boot.png")
	if err := os.Symlink(secret, link); err != nil {
		t.Fatal(err)
	}
	moved := t.TempDir()
	written(t, filepath.Join(moved, "guest.boot.png"), picture)
	for name, test := range map[string]struct {
		directory, path string
		want            string
	}{
		"where the report says":  {t.TempDir(), there, inPage},
		"beside the report":      {moved, "/data/output/guest.boot.png", inPage},
		"nowhere":                {t.TempDir(), "/data/output/guest.boot.png", "No picture of its screen: /data/output/guest.boot.png: no such file or directory."},
		"a file that is another": {t.TempDir(), secret, "No picture of its screen: " + secret + " is no picture."},
		"a link":                 {t.TempDir(), link, "No picture of its screen: " + link + " is no picture."},
	} {
		report := bootedReport(t, test.directory, test.path)
		code, page, messages := run(t, noEngine(t), nil, "report", "--html", report)
		if code != ExitSuccess || !strings.Contains(page, test.want) || strings.Contains(page, "confidential") {
			t.Errorf("%s: exit %d, %s, not %q in\n%s", name, code, messages, test.want, page)
		}
	}
}
