//go:build linux

package cli

import (
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// fleetTasks is how many manifests the fleet migrates.
const fleetTasks = 40

// taskEnd is a line of what Slurm writes whenever a task ends or loses its node.
type taskEnd struct{ task, state, node, exit string }

func readTaskEnds(t *testing.T, path string) (ends []taskEnd) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		fields := map[string]string{}
		for field := range strings.FieldsSeq(line) {
			name, value, _ := strings.Cut(field, "=")
			fields[name] = value
		}
		ends = append(ends, taskEnd{fields["ArrayTaskId"], fields["JobState"], fields["NodeList"], fields["ExitCode"]})
	}
	return ends
}

// TestAccFleet runs an array of small migrations on two nodes of Slurm, with the
// script of the examples. One node is lost in the middle. Every manifest ends once.
func TestAccFleet(t *testing.T) {
	requireFullMatrix(t)
	tar, err := testguest.HostRoot(t.Context(), testguest.Bookworm, []string{"munge", "slurmctld", "slurmd", "slurm-client", "iproute2", "qemu-utils"})
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(t.TempDir(), "root")
	fleet := agent{root}
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	fleet.prepare(t, "tar", "-xf", tar, "-C", root)
	fleet.prepare(t, "../tools/build-program", filepath.Join(root, "usr/local/bin/hyper2kvm"))
	fleet.prepare(t, "install", "-m", "0644", "testdata/fleet/slurm.conf", filepath.Join(root, "etc/slurm"))
	fleet.prepare(t, "install", "-m", "0755", "../../examples/fleet-slurm/fleet.sbatch", filepath.Join(root, "srv"))
	for _, directory := range []string{"manifests", "logs", "images"} {
		if err := os.Mkdir(filepath.Join(root, "srv", directory), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	disk := make([]byte, 48<<20)
	_, _ = rand.Read(disk) // what cannot be compressed takes a second
	source := filepath.Join(root, "srv", "disk.raw")
	if err := os.WriteFile(source, disk, 0o644); err != nil {
		t.Fatal(err)
	}
	var names []string
	for n := range fleetTasks {
		name := fmt.Sprintf("vm-%02d", n+1)
		names = append(names, name)
		text := fmt.Sprintf(`{"version": "1.0", "source": {"type": "raw", "path": "/srv/disk.raw"}, "output": {"directory": "/srv/images", "filename": "%s.qcow2"},
			"pipeline": {"convert": {"compress": true}, "validate": {}}, "options": {"report": {"path": "%[1]s.json"}}}`, name)
		if err := os.WriteFile(filepath.Join(root, "srv", "manifests", name+".json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}

	cmd := exec.CommandContext(t.Context(), "unshare", "--mount", "--pid", "--net", "--uts", "--ipc", "--fork", "--kill-child", "--propagation", "private",
		"testdata/fleet/cluster", root, fmt.Sprint(fleetTasks))
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}

	ends := readTaskEnds(t, filepath.Join(root, "srv", "completed"))
	checkTaskEnds(t, ends)
	checkFleetImages(t, root, names)
	for n, name := range names {
		log, err := filepath.Glob(filepath.Join(root, "srv", "logs", fmt.Sprintf("*_%d.log", n+1)))
		if err != nil || len(log) != 1 {
			t.Fatalf("%s has the logs %q (%v)", name, log, err)
		}
		text, err := os.ReadFile(log[0])
		if err != nil {
			t.Fatal(err)
		}
		if made := strings.Count(string(text), "migration succeeded"); made != 1 {
			t.Errorf("%s was made %d times:\n%s", name, made, text)
		}
	}
}

// checkTaskEnds holds that each task has ended well once, and that what ran on the
// lost node ran again.
func checkTaskEnds(t *testing.T, ends []taskEnd) {
	t.Helper()
	ended, lost := map[string]taskEnd{}, map[string]bool{}
	for _, end := range ends {
		switch end.state {
		case "COMPLETED":
			if _, twice := ended[end.task]; twice || end.exit != "0:0" {
				t.Errorf("task %s ended again, or with the exit code %s", end.task, end.exit)
			}
			ended[end.task] = end
		default: // what is known of a task when its node is lost
			if end.node != "node2" {
				t.Errorf("task %s is %s on %s", end.task, end.state, end.node)
			}
			lost[end.task] = true
		}
	}
	if len(ended) != fleetTasks {
		t.Errorf("%d tasks have ended well", len(ended))
	}
	if len(lost) == 0 {
		t.Error("no task ran on the node when it was lost")
	}
	nodes := map[string]int{}
	for task, end := range ended {
		nodes[end.node]++
		if lost[task] && end.node != "node1" {
			t.Errorf("task %s, whose node was lost, ended on %s", task, end.node)
		}
	}
	t.Logf("tasks that ended well by node: %v; that ran again: %d", nodes, len(lost))
	if nodes["node1"] == 0 || nodes["node2"] == 0 {
		t.Error("one node did nothing")
	}
}

// checkFleetImages holds that each image is whole and the work of one run of its own,
// and that nothing else is left.
func checkFleetImages(t *testing.T, root string, names []string) {
	t.Helper()
	images := filepath.Join(root, "srv", "images")
	var want []string
	runs := map[string]bool{}
	for _, name := range names {
		image := filepath.Join(images, name+".qcow2")
		want = append(want, name+".qcow2", name+".json", filepath.Base(artifact.RecordPath(image)), "."+name+".json.hyper2kvm.json")
		if out, err := exec.CommandContext(t.Context(), "qemu-img", "compare", "-f", "raw", "-F", "qcow2", filepath.Join(root, "srv", "disk.raw"), image).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", name, err, out)
		}
		said, err := report.Read(filepath.Join(images, name+".json"))
		if err != nil || !said.Pipeline.Success {
			t.Errorf("%s: the report: %v", name, err)
		}
		status := artifact.Check(image, artifact.Identity{})
		if status.State != artifact.StateOwned || runs[status.Record.RunID] {
			t.Errorf("%s is %s: %s", name, status.State, status.Reason)
			continue
		}
		runs[status.Record.RunID] = true
	}
	entries, err := os.ReadDir(images)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !slices.Contains(want, entry.Name()) {
			t.Errorf("%s is left", entry.Name())
		}
	}
}
