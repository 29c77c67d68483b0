package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/presentation"
)

// readManifest reads the manifest from its file or from standard input.
func (c *Command) readManifest(f flags) (*manifest.Manifest, error) {
	if f.manifest != "-" {
		return readManifestFile(f.manifest)
	}
	if f.cancelOnStdinClose {
		return readFirst(c.Stdin)
	}
	return manifest.Decode(c.Stdin)
}

func readManifestFile(path string) (*manifest.Manifest, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("manifest not found: %s", path)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the manifest: %w", err)
	}
	defer func() { _ = file.Close() }()
	return manifest.Decode(file)
}

// readFirst decodes the first JSON value of a stream that stays open behind it.
func readFirst(r io.Reader) (*manifest.Manifest, error) {
	var read bytes.Buffer
	var first json.RawMessage
	if err := json.NewDecoder(io.TeeReader(r, &read)).Decode(&first); err != nil {
		// The manifest's own decoder says it better.
		return manifest.Decode(&read)
	}
	return manifest.Decode(bytes.NewReader(first))
}

// printManifestError says what is wrong with a manifest in the form that
// editors and people follow: FILE:LINE:COLUMN: FIELD: MESSAGE.
func printManifestError(w io.Writer, path string, err error) {
	if path == "-" {
		path = "standard input"
	}
	var found manifest.Errors
	if !errors.As(err, &found) {
		_, _ = fmt.Fprintf(w, "hyper2kvm: %s\n", presentation.Printable(err.Error()))
		return
	}
	for _, e := range found {
		place := path
		if e.Line > 0 {
			place = fmt.Sprintf("%s:%d:%d", path, e.Line, e.Column)
		}
		_, _ = fmt.Fprintf(w, "%s: %s\n", place, presentation.Printable(e.Error()))
	}
}
