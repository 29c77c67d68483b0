package pipeline

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/boot"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// layered is a disk in an overlay, with a layer on that, and what a guest sees of
// both.
func layered(t *testing.T) (overlay qemuimg.Image, layer string, seen []byte) {
	t.Helper()
	requireQEMUImg(t)
	directory := t.TempDir()
	source := qemuimg.Image{Path: filepath.Join(directory, "source.raw"), Format: "raw"}
	if err := os.WriteFile(source.Path, bytes.Repeat([]byte("source  "), 1<<18), 0o600); err != nil {
		t.Fatal(err)
	}
	overlay = qemuimg.Image{Path: filepath.Join(directory, "overlay.qcow2"), Format: "qcow2"}
	layer = filepath.Join(directory, "layer.qcow2")
	write := func(path string, pattern string) {
		t.Helper()
		if out, err := exec.Command("qemu-io", "-f", "qcow2", "-c", "write -P "+pattern, path).CombinedOutput(); err != nil {
			t.Fatalf("qemu-io: %v: %s", err, out)
		}
	}
	if err := qemuimg.CreateOverlay(t.Context(), overlay.Path, source, 0); err != nil {
		t.Fatal(err)
	}
	write(overlay.Path, "0x41 1M 128k")
	if err := qemuimg.CreateOverlay(t.Context(), layer, overlay, 0); err != nil {
		t.Fatal(err)
	}
	write(layer, "0x42 1100k 4k")
	return overlay, layer, contentOf(t, qemuimg.Image{Path: layer, Format: "qcow2"})
}

func contentOf(t *testing.T, image qemuimg.Image) []byte {
	t.Helper()
	raw := filepath.Join(t.TempDir(), "raw")
	if err := qemuimg.Convert(t.Context(), qemuimg.ConvertOptions{Source: image, Dest: raw, Format: "raw"}); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(raw)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestTrialDisks lays layers over what was made of the overlays below them: the
// guest sees the same, and the image stays as it is.
func TestTrialDisks(t *testing.T) {
	t.Parallel()
	for _, format := range manifest.OutputFormats {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			overlay, layer, seen := layered(t)
			written := image{temporary: filepath.Join(t.TempDir(), "written,1"), final: "/images/web", format: string(format), virtualSize: 2 << 20, layer: layer, sectorSize: 4096}
			if err := qemuimg.Convert(t.Context(), qemuimg.ConvertOptions{Source: overlay, Dest: written.temporary, Format: written.format}); err != nil {
				t.Fatal(err)
			}
			published, err := os.ReadFile(written.temporary)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(overlay.Path); err != nil {
				t.Fatal(err)
			}
			j := newJob(&manifest.Manifest{Pipeline: manifest.DefaultPipeline()}, Options{})
			disks, probed := j.trialDisks(t.Context(), []image{written}, trial{layers: []string{layer}})
			if diff := cmp.Diff([]boot.Disk{{Path: layer, Format: "qcow2", SectorSize: 4096}}, disks); diff != "" || !probed {
				t.Errorf("probed: %t (-want +got):\n%s", probed, diff)
			}
			if got := contentOf(t, qemuimg.Image{Path: layer, Format: "qcow2"}); !bytes.Equal(got, seen) {
				t.Error("the guest sees another disk than over the overlay")
			}
			if after, err := os.ReadFile(written.temporary); err != nil || !bytes.Equal(after, published) {
				t.Errorf("the image has changed: %v", err)
			}
		})
	}
}

// TestTrialWithoutLayers boots from the images alone where the layers do not fit,
// and says so.
func TestTrialWithoutLayers(t *testing.T) {
	t.Parallel()
	_, layer, _ := layered(t)
	other := filepath.Join(t.TempDir(), "other")
	if err := os.WriteFile(other, make([]byte, 3<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	fits := image{temporary: other, final: "/images/web", format: "raw", virtualSize: 3 << 20}
	for name, test := range map[string]struct {
		image image
		tried trial
		warns bool
	}{
		"no layers":    {image: fits},
		"another size": {image{temporary: other, final: "/images/web", format: "raw", virtualSize: 2 << 20, layer: layer}, trial{layers: []string{layer}}, true},
		"no layer":     {image{temporary: other, final: "/images/web", format: "raw", virtualSize: 3 << 20, layer: other + "-gone"}, trial{layers: []string{""}}, true},
	} {
		j := newJob(&manifest.Manifest{Pipeline: manifest.DefaultPipeline()}, Options{})
		disks, probed := j.trialDisks(t.Context(), []image{test.image}, test.tried)
		if diff := cmp.Diff([]boot.Disk{{Path: other, Format: "raw"}}, disks); diff != "" || probed {
			t.Errorf("%s: probed: %t (-want +got):\n%s", name, probed, diff)
		}
		if concerns := j.say.report.Concerns; test.warns != (len(concerns) == 1 && concerns[0].ID == report.ConcernNoProbe) {
			t.Errorf("%s: %+v", name, concerns)
		}
	}
}

// TestSilentAgent warns of an agent that a guest has and that does not answer, of
// no other.
func TestSilentAgent(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		has     bool
		outcome boot.Outcome
		want    []string
	}{
		"it answers": {true, boot.Outcome{Verdict: boot.Booted, AgentAnswers: true}, nil},
		"it is silent": {true, boot.Outcome{Verdict: boot.Booted}, []string{
			"QEMU's guest agent is installed in the guest, and did not answer when the guest was booted",
		}},
		"there is none":       {false, boot.Outcome{Verdict: boot.Booted}, nil},
		"the guest is not up": {true, boot.Outcome{Verdict: boot.Dead, State: boot.StateEmergency}, nil},
	} {
		j := newJob(&manifest.Manifest{Pipeline: manifest.DefaultPipeline()}, Options{})
		var became report.Boot
		j.compareBoot(trial{}, boot.Watching{Agent: test.has}, test.outcome, &became)
		if diff := cmp.Diff(test.want, became.Differences); diff != "" || became.Guest != nil {
			t.Errorf("%s: guest %+v (-want +got):\n%s", name, became.Guest, diff)
		}
		var warned []string
		for _, concern := range j.say.report.Concerns {
			if concern.ID == report.ConcernBootDiffers && strings.Contains(concern.Remedy, "systemctl status qemu-guest-agent") {
				warned = append(warned, concern.Assessment)
			}
		}
		if diff := cmp.Diff(test.want, warned); diff != "" {
			t.Errorf("%s: warnings (-want +got):\n%s", name, diff)
		}
	}
}

// A probe that was laid and says nothing is told: nobody compares then.
func TestSilentProbe(t *testing.T) {
	t.Parallel()
	layers := trial{layers: []string{"/tmp/layer.qcow2"}}
	for name, test := range map[string]struct {
		tried   trial
		outcome boot.Outcome
		want    int
	}{
		"silent":      {layers, boot.Outcome{Verdict: boot.Booted}, 1},
		"it speaks":   {layers, boot.Outcome{Verdict: boot.Booted, Facts: &boot.Facts{Boot: boot.ProgressRunning}}, 0},
		"not up":      {layers, boot.Outcome{Verdict: boot.Dead}, 0},
		"none was in": {trial{}, boot.Outcome{Verdict: boot.Booted}, 0},
	} {
		j := newJob(&manifest.Manifest{Pipeline: manifest.DefaultPipeline()}, Options{})
		j.compareBoot(test.tried, boot.Watching{}, test.outcome, &report.Boot{})
		told := 0
		for _, concern := range j.say.report.Concerns {
			if concern.ID == report.ConcernNoProbe {
				told++
			}
		}
		if told != test.want {
			t.Errorf("%s: %+v", name, j.say.report.Concerns)
		}
	}
}
