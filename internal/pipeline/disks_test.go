package pipeline_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// diskWith makes a VMDK of 8 MiB with text and, if it is to be started from, a
// boot loader in its first sector.
func diskWith(t *testing.T, text string, boots bool) string {
	t.Helper()
	requireQEMUImg(t)
	content := make([]byte, 8<<20)
	content[510], content[511] = 0x55, 0xaa
	if boots {
		copy(content[0x180:], "GRUB \x00")
	}
	copy(content[1<<20:], text)
	directory := t.TempDir()
	raw, vmdk := filepath.Join(directory, "disk.raw"), filepath.Join(directory, "disk.vmdk")
	write(t, raw, string(content))
	qemuImg(t, "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized", raw, vmdk)
	return vmdk
}

func qemuImg(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("qemu-img", args...).CombinedOutput(); err != nil {
		t.Fatalf("qemu-img %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// threeDisks is a machine that starts from the second of its three disks, and
// the manifest that converts it.
func threeDisks(t *testing.T, directory string) (*manifest.Manifest, packagedMachine) {
	t.Helper()
	machine := packagedMachine{name: "web", disks: []string{
		diskWith(t, "the data", false), diskWith(t, "the system", true), diskWith(t, "more data", false),
	}}
	m := conversion(makeOVA(t, machine), directory)
	m.Source.Type, m.Output.Filename = manifest.SourceOVA, ""
	return m, machine
}

// TestRunConvertsAllDisks proves that each disk is converted, and that the one
// that the machine starts from gets the name that was known before.
func TestRunConvertsAllDisks(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	m, machine := threeDisks(t, directory)
	r, err := pipeline.Run(t.Context(), m, pipeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Warnings) != 0 {
		t.Errorf("warnings: %+v", r.Warnings)
	}
	var got []string
	for _, a := range r.Artifacts {
		got = append(got, filepath.Base(a.Path))
	}
	if want := []string{"web.qcow2", "web-disk2.qcow2", "web-disk3.qcow2"}; !slices.Equal(got, want) {
		t.Fatalf("artifacts %q, want %q", got, want)
	}
	if r.Artifacts[0].Path != m.OutputPath() {
		t.Errorf("the boot disk is %s, planned was %s", r.Artifacts[0].Path, m.OutputPath())
	}
	for n, disk := range []int{1, 0, 2} {
		qemuImg(t, "compare", "-f", "vmdk", "-F", "qcow2", machine.disks[disk], r.Artifacts[n].Path)
	}
	loaded, converted := resultOf[report.LoadResult](t, r), resultOf[report.Conversion](t, r)
	if loaded.Disks != 3 || len(converted.Images) != 3 || converted.Images[0].Source != "web-disk2.vmdk" {
		t.Errorf("the report says %+v and %+v", loaded, converted)
	}
	if left := listing(directory); slices.ContainsFunc(left, func(name string) bool { return strings.Contains(name, "start") }) {
		t.Errorf("something was left behind: %q", left)
	}
}

// resultOf reads the result of a stage that ran.
func resultOf[T report.StageResult](t *testing.T, r *report.Report) T {
	t.Helper()
	result, err := report.ResultOf[T](r)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(r.Pipeline.Stages, func(s report.Stage) bool { return s.Name == result.StageName() && s.Success }) {
		t.Fatalf("stage %s did not run", result.StageName())
	}
	return result
}

func TestRunWarnsOfAnUncertainBootDisk(t *testing.T) {
	t.Parallel()
	m := conversion(makeOVA(t, packagedMachine{name: "web", disks: []string{diskWith(t, "a", true), diskWith(t, "b", true)}}), t.TempDir())
	m.Source.Type = manifest.SourceOVA
	r, err := pipeline.Run(t.Context(), m, pipeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0].Message, "which of the 2 disks") || !strings.Contains(r.Warnings[0].Message, "web-disk1.vmdk is taken") {
		t.Errorf("warnings: %+v", r.Warnings)
	}
}

// TestRunProtectsFiles proves that nothing is written over files of the user
// where only the opened source tells that an image would be.
func TestRunProtectsFiles(t *testing.T) {
	t.Parallel()
	chain := func(t *testing.T, directory string) *manifest.Manifest {
		base, top := filepath.Join(directory, "base.qcow2"), filepath.Join(directory, "top.qcow2")
		qemuImg(t, "convert", "-f", "vmdk", "-O", "qcow2", smallVMDK(t), base)
		qemuImg(t, "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", "base.qcow2", top)
		m := conversion(top, directory)
		m.Source.Type, m.Output.Overwrite = manifest.SourceQCOW2, true
		return m
	}
	for name, test := range map[string]struct {
		manifest func(t *testing.T, directory string) *manifest.Manifest
		file     string
		want     string
	}{
		"image of another disk": {func(t *testing.T, directory string) *manifest.Manifest {
			m, _ := threeDisks(t, directory)
			write(t, filepath.Join(directory, "web-disk3.qcow2"), "precious")
			return m
		}, "web-disk3.qcow2", "exists"},
		"backing file of the source": {func(t *testing.T, directory string) *manifest.Manifest {
			m := chain(t, directory)
			m.Output.Filename = "base.qcow2"
			return m
		}, "base.qcow2", "base.qcow2 is a file of the source"},
		"backing file by another name": {func(t *testing.T, directory string) *manifest.Manifest {
			m := chain(t, directory)
			m.Output.Filename = "link.qcow2"
			if err := os.Link(filepath.Join(directory, "base.qcow2"), filepath.Join(directory, "link.qcow2")); err != nil {
				t.Fatal(err)
			}
			return m
		}, "base.qcow2", "link.qcow2 is a file of the source"},
		"report in the place of a disk": {func(t *testing.T, directory string) *manifest.Manifest {
			m, _ := threeDisks(t, directory)
			m.Options.Report.Path = "web-disk2.qcow2"
			return m
		}, "", "is the report"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			m := test.manifest(t, directory)
			var before []byte
			if test.file != "" {
				before, _ = os.ReadFile(filepath.Join(directory, test.file))
			}
			r, err := pipeline.Run(t.Context(), m, pipeline.Options{})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("error is %v, expected one with %q", err, test.want)
			}
			if len(r.Pipeline.Stages) != 1 {
				t.Errorf("stages ran: %+v", r.Pipeline.Stages)
			}
			if test.file == "" {
				return
			}
			if after, _ := os.ReadFile(filepath.Join(directory, test.file)); !bytes.Equal(before, after) {
				t.Errorf("%s was changed", test.file)
			}
		})
	}
}

// TestPreflightKnowsTheNamesOfAllDisks: a replacement would delete the old images, and
// then meet this one.
func TestPreflightKnowsTheNamesOfAllDisks(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	m, _ := threeDisks(t, directory)
	taken := filepath.Join(directory, "web-disk3.qcow2")
	write(t, taken, "precious")
	foreseen := pipeline.Preflight(t.Context(), m, pipeline.Options{})
	if !slices.ContainsFunc(foreseen.Problems, func(p report.Problem) bool {
		return p.Attribute == "output" && strings.Contains(p.Message, taken+" exists") && !p.Uncertain
	}) {
		t.Errorf("foreseen %+v", foreseen.Problems)
	}
}

// TestRunNoticesAChangingSource proves that a source which is written to while
// it is read yields no image.
func TestRunNoticesAChangingSource(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		stage  string
		change func(t *testing.T, path string)
	}{
		"written to": {report.StageConvert, func(t *testing.T, path string) {
			file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := file.WriteString("more"); err != nil {
				t.Error(err)
			}
			_ = file.Close()
		}},
		"replaced": {report.StageConvert, func(t *testing.T, path string) {
			text, err := os.ReadFile(path)
			if err == nil {
				err = os.WriteFile(path+".new", text, 0o600)
			}
			if err == nil {
				err = os.Rename(path+".new", path)
			}
			if err != nil {
				t.Error(err)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := conversion(smallVMDK(t), t.TempDir())
			r, err := pipeline.Run(t.Context(), m, pipeline.Options{Notify: func(e report.Event) {
				if e.Type == report.EventStageStarted && e.Stage == test.stage {
					test.change(t, m.Source.Path)
				}
			}})
			if err == nil || !strings.Contains(err.Error(), "the source changed while it was read") {
				t.Fatalf("error is %v", err)
			}
			if len(r.Errors) != 1 || !strings.Contains(r.Errors[0].Remedy, "shut the virtual machine down") {
				t.Errorf("errors: %+v", r.Errors)
			}
			if left := listing(m.Output.Directory); !slices.Equal(left, []string{"report.json"}) {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}
