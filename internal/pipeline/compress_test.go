package pipeline_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// largerVMDK makes a VMDK of 32 MiB, one of which holds lines of text.
func largerVMDK(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("qemu-nbd"); err != nil {
		t.Skip("needs qemu-img and qemu-nbd (Debian: qemu-utils)")
	}
	source := rand.New(rand.NewPCG(1, 2))
	var text bytes.Buffer
	for text.Len() < 1<<20 {
		fmt.Fprintf(&text, "%s %d of %d\n", []string{"block", "sector", "cluster", "extent"}[source.IntN(4)], source.IntN(5000), source.IntN(9))
	}
	content := make([]byte, 32<<20)
	copy(content[3<<20:], text.Bytes())
	directory := t.TempDir()
	raw, vmdk := filepath.Join(directory, "disk.raw"), filepath.Join(directory, "disk.vmdk")
	if err := os.WriteFile(raw, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("qemu-img", "convert", "-f", "raw", "-O", "vmdk", raw, vmdk).CombinedOutput(); err != nil {
		t.Fatalf("qemu-img: %v: %s", err, out)
	}
	return vmdk
}

func TestRunCompresses(t *testing.T) {
	t.Parallel()
	source := largerVMDK(t)
	level := func(n int) *int { return &n }
	sizes := map[string]int64{}
	for name, convert := range map[string]manifest.Convert{
		"zlib":           {CompressionType: manifest.CompressionZlib},
		"zlib 1":         {CompressionType: manifest.CompressionZlib, CompressLevel: level(1)},
		"zlib 9":         {CompressionType: manifest.CompressionZlib, CompressLevel: level(9)},
		"zstd":           {CompressionType: manifest.CompressionZstd},
		"zstd 9":         {CompressionType: manifest.CompressionZstd, CompressLevel: level(9)},
		"zstd, clusters": {CompressionType: manifest.CompressionZstd, ClusterSize: level(512 << 10)},
	} {
		if convert.CompressionType == manifest.CompressionZstd && !zstdIsBuilt {
			continue
		}
		m := conversion(source, t.TempDir())
		m.Output.Filename = "disk.qcow2"
		convert.Enabled, convert.Compress, convert.Preallocation = true, true, manifest.PreallocationOff
		m.Pipeline.Convert = convert
		var events []report.Event
		r, err := pipeline.Run(t.Context(), m, pipeline.Options{Notify: func(e report.Event) { events = append(events, e) }})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		checkProgress(t, events)
		if len(r.Artifacts) != 1 || !r.Artifacts[0].Compressed {
			t.Fatalf("%s: artifacts %+v", name, r.Artifacts)
		}
		sizes[name] = r.Artifacts[0].SizeBytes
		if out, err := exec.Command("qemu-img", "compare", "-f", "vmdk", "-F", "qcow2", source, m.OutputPath()).CombinedOutput(); err != nil {
			t.Errorf("%s: the image differs from its source: %v: %s", name, err, out)
		}
		var info struct {
			ClusterSize int `json:"cluster-size"`
			Specific    struct {
				Data struct {
					Type string `json:"compression-type"`
				} `json:"data"`
			} `json:"format-specific"`
		}
		out, err := exec.Command("qemu-img", "info", "--output=json", m.OutputPath()).Output()
		if err == nil {
			err = json.Unmarshal(out, &info)
		}
		clusters := 64 << 10
		if convert.ClusterSize != nil {
			clusters = *convert.ClusterSize
		}
		if err != nil || info.ClusterSize != clusters || info.Specific.Data.Type != string(convert.CompressionType) {
			t.Errorf("%s: clusters of %d bytes compressed with %q, %v", name, info.ClusterSize, info.Specific.Data.Type, err)
		}
		if left := listing(m.Output.Directory); len(left) != 4 { // the image, the report, their records
			t.Errorf("%s: files %q", name, left)
		}
	}
	if sizes["zlib 1"] <= sizes["zlib"] || sizes["zlib"] <= sizes["zlib 9"] || (zstdIsBuilt && sizes["zstd"] <= sizes["zstd 9"]) {
		t.Errorf("sizes %v", sizes)
	}
}

// TestRunCancelledWhileCompressing cancels when part of the image is written.
func TestRunCancelledWhileCompressing(t *testing.T) {
	t.Parallel()
	m := conversion(largerVMDK(t), t.TempDir())
	nine := 9
	m.Pipeline.Convert.Compress, m.Pipeline.Convert.CompressLevel = true, &nine
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reached := 0.0
	_, err := pipeline.Run(ctx, m, pipeline.Options{Notify: func(e report.Event) {
		if e.Type == report.EventProgress && e.Stage == report.StageConvert && e.Percent > 0 {
			reached = e.Percent
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || reached == 0 || reached == 100 {
		t.Fatalf("error at %.1f %%: %v", reached, err)
	}
	for _, name := range listing(m.Output.Directory) {
		if name != "report.json" {
			t.Errorf("%s was left behind", name)
		}
	}
	if pids := processesWith(t, m.Source.Path); len(pids) > 0 {
		t.Errorf("processes %v still read the source", pids)
	}
}

// processesWith lists the processes with this argument in their command line.
func processesWith(t *testing.T, argument string) []string {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, line := range lines {
		// Processes come and go.
		if text, err := os.ReadFile(line); err == nil && bytes.Contains(text, []byte(argument)) {
			found = append(found, filepath.Base(filepath.Dir(line)))
		}
	}
	return found
}

func TestRunPreallocates(t *testing.T) {
	t.Parallel()
	source := smallVMDK(t)
	for _, format := range manifest.OutputFormats {
		for _, preallocation := range manifest.Preallocations[format] {
			t.Run(fmt.Sprintf("%s %s", format, preallocation), func(t *testing.T) {
				t.Parallel()
				m := conversion(source, t.TempDir())
				m.Output.Format, m.Output.Filename = format, "disk."+string(format)
				m.Pipeline.Convert.Preallocation = preallocation
				r, err := pipeline.Run(t.Context(), m, pipeline.Options{})
				if err != nil {
					t.Fatal(err)
				}
				out, err := exec.Command("qemu-img", "compare", "-f", "vmdk", "-F", string(format), source, m.OutputPath()).CombinedOutput()
				if err != nil {
					t.Errorf("the image differs from its source: %v: %s", err, out)
				}
				long := format == manifest.FormatRaw || preallocation != manifest.PreallocationOff
				if size := r.Artifacts[0].SizeBytes; (size >= 8<<20) != long {
					t.Errorf("the image is %d bytes long", size)
				}
			})
		}
	}
}
