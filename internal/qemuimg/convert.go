package qemuimg

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// ConvertOptions say what to copy where.
type ConvertOptions struct {
	Source Image
	// Dest is the file to write, Format its format as QEMU names it.
	Dest, Format string
	Layout       Layout
	// Progress, if set, is called with 0 to 100, never falling.
	Progress func(percent float64)
}

// Layout is how the file of an image is laid out. The zero value leaves that to
// QEMU.
type Layout struct {
	// Preallocation is "off", "metadata", "falloc" or "full".
	Preallocation string
	// ClusterSize is in bytes (qcow2 only).
	ClusterSize int
}

// options are qemu-img's arguments for an image of that format.
func (l Layout) options(format string) []string {
	var list []string
	switch {
	case l.Preallocation == "" || l.Preallocation == "off":
	case format == "vdi" && l.Preallocation == "metadata":
		list = append(list, "static=on") // as its driver calls it
	default:
		list = append(list, "preallocation="+l.Preallocation)
	}
	if l.ClusterSize > 0 {
		list = append(list, "cluster_size="+strconv.Itoa(l.ClusterSize))
	}
	if len(list) == 0 {
		return nil
	}
	return []string{"-o", strings.Join(list, ",")}
}

// fills says whether all of the image's space is taken at once.
func (l Layout) fills() bool { return l.Preallocation == "falloc" || l.Preallocation == "full" }

// Convert copies an image with all that lies below it into a new one. Zeroes
// stay holes. A destination that was begun is left to the caller to remove.
func Convert(ctx context.Context, o ConvertOptions) error {
	source, err := o.Source.Filename()
	if err != nil {
		return err
	}
	dest, err := filepath.Abs(o.Dest)
	if err != nil {
		return fmt.Errorf("finding the absolute path of %s: %w", o.Dest, err)
	}
	// Many requests in flight, written in whatever order they are ready.
	args := []string{"convert", "-p", "-W", "-m", "16", "-f", o.Source.Format, "-O", o.Format}
	args = append(args, o.Layout.options(o.Format)...)
	c := command{
		action: fmt.Sprintf("converting %s to %s", o.Source.Path, o.Format),
		args:   append(args, source, dest),
		stdout: &progressWriter{report: o.Progress},
	}
	_, err = c.output(ctx)
	return err
}

// progressWriter reads "    (12.34/100%)\r" as qemu-img -p prints it.
type progressWriter struct {
	report  func(percent float64)
	pending string
	last    float64
}

// Write never fails.
func (w *progressWriter) Write(p []byte) (int, error) {
	w.pending += string(p)
	for {
		end := strings.IndexAny(w.pending, "\r\n")
		if end < 0 {
			break
		}
		w.line(w.pending[:end])
		w.pending = w.pending[end+1:]
	}
	w.pending = w.pending[max(0, len(w.pending)-80):]
	return len(p), nil
}

func (w *progressWriter) line(line string) {
	number, _, found := strings.Cut(strings.TrimSpace(line), "/100%)")
	percent, err := strconv.ParseFloat(strings.TrimPrefix(number, "("), 64)
	if found && err == nil && w.report != nil && percent >= w.last && percent <= 100 {
		w.last = percent
		w.report(percent)
	}
}
