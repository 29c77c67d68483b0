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
	// Compress writes compressed clusters (qcow2 only), of CompressionType
	// "zlib" or "zstd"; empty leaves QEMU's default, zlib.
	Compress        bool
	CompressionType string
	// Progress, if set, is called with 0 to 100, never falling.
	Progress func(percent float64)
}

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
	if o.Compress {
		args = append(args, "-c")
	}
	if o.CompressionType != "" {
		args = append(args, "-o", "compression_type="+o.CompressionType)
	}
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
