package pipeline_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// TestRunObeysSource proves that each field of source reaches the reading.
func TestRunObeysSource(t *testing.T) {
	t.Parallel()
	package2 := func(t *testing.T) string {
		return makeOVA(t, packagedMachine{name: "web", disks: []string{smallVMDK(t)}}, packagedMachine{name: "db", disks: []string{smallVMDK(t)}})
	}
	spoiled := func(t *testing.T) string {
		path := makeOVA(t, packagedMachine{name: "web", disks: []string{smallVMDK(t)}})
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		write(t, path, strings.Replace(string(text), ">1024<", ">2048<", 1))
		return path
	}
	for name, test := range map[string]struct {
		path func(*testing.T) string
		edit func(*manifest.Source)
		want string // "" for success
	}{
		"several machines":          {package2, func(*manifest.Source) {}, `2 virtual machines: "web", "db"`},
		"one of several machines":   {package2, func(s *manifest.Source) { s.VM = "db" }, ""},
		"wrong checksum in package": {spoiled, func(*manifest.Source) {}, "web.ovf has the sha256 checksum"},
		"wrong checksum of a disk":  {spoiledDisk, func(*manifest.Source) {}, "web-disk1.vmdk has the sha256 checksum"},
		"checksums are not wanted":  {spoiled, func(s *manifest.Source) { s.VerifyChecksums = false }, ""},
		"too large":                 {package2, func(s *manifest.Source) { s.VM, s.MaxVirtualSize = "db", 4<<20 }, "more than the 4194304 that are allowed"},
		"checksum": {
			package2, func(s *manifest.Source) { s.VM, s.Checksum = "db", "md5:d41d8cd98f00b204e9800998ecf8427e" }, "source.checksum says",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := conversion(test.path(t), t.TempDir())
			m.Source.Type = manifest.SourceOVA
			test.edit(&m.Source)
			r, err := pipeline.Run(t.Context(), m, pipeline.Options{})
			if test.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("error is %v, expected one with %q", err, test.want)
			}
			for _, stage := range r.Pipeline.Stages {
				// The checksums of disks are computed meanwhile.
				late := strings.Contains(name, "of a disk")
				if stage.Success != (late && stage.Name == report.StageLoadManifest) {
					t.Errorf("stage %s: success is %t", stage.Name, stage.Success)
				}
			}
			if left := listing(m.Output.Directory); !slices.Equal(left, []string{"report.json"}) {
				t.Errorf("left behind: %q", left)
			}
			if len(r.Errors) != 1 || r.Errors[0].Remedy == "" {
				t.Errorf("no remedy: %+v", r.Errors)
			}
		})
	}
}

// spoiledDisk is a package whose disk is not what its checksum says.
func spoiledDisk(t *testing.T) string {
	t.Helper()
	path := makeOVA(t, packagedMachine{name: "web", disks: []string{smallVMDK(t)}})
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// Inside the descriptor of the VMDK, where nothing else notices it.
	write(t, path, strings.Replace(string(text), "ddb.virtualHWVersion", "ddb.virtualHWversion", 1))
	return path
}

// TestDamagedPackageEndsLaunch: a disk that is not what its package says ends the
// launch of the appliance as soon as that is known.
func TestDamagedPackageEndsLaunch(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	m := conversion(spoiledDisk(t), t.TempDir())
	m.Source.Type, m.Pipeline.Inspect.Enabled = manifest.SourceOVA, true
	_, err := pipeline.RunLaunching(t.Context(), m, pipeline.Options{}, func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	if err == nil || !strings.Contains(err.Error(), "web-disk1.vmdk has the sha256 checksum") {
		t.Errorf("the run ended with %v", err)
	}
	if left := listing(m.Output.Directory); !slices.Equal(left, []string{"report.json"}) {
		t.Errorf("left behind: %q", left)
	}
}
