// Package kubernetes checks the example for Kubernetes by the types of its API.
package kubernetes

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

const example = "../../../examples/fleet-kubernetes"

// readFleet decodes the example. A field that the API does not have is an error.
func readFleet(t *testing.T) (job batchv1.Job, claims []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(example, "fleet.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for document := range bytes.SplitSeq(text, []byte("\n---\n")) {
		var kind struct{ Kind string }
		if err := yaml.Unmarshal(document, &kind); err != nil {
			t.Fatal(err)
		}
		var claim corev1.PersistentVolumeClaim
		switch kind.Kind {
		case "Job":
			err = yaml.UnmarshalStrict(document, &job)
		case "PersistentVolumeClaim":
			err = yaml.UnmarshalStrict(document, &claim)
			claims = append(claims, claim.Name)
		default:
			t.Errorf("nothing is known of the kind %q", kind.Kind)
		}
		if err != nil {
			t.Errorf("%s: %v", kind.Kind, err)
		}
	}
	return job, claims
}

// TestFleetHasAllOfItsParts holds what the API's types do not: names that refer to
// each other, and what an Indexed Job needs.
func TestFleetHasAllOfItsParts(t *testing.T) {
	t.Parallel()
	job, claims := readFleet(t)
	manifests, err := filepath.Glob(filepath.Join(example, "manifests", "*.json"))
	if err != nil || len(manifests) == 0 {
		t.Fatalf("manifests: %q, %v", manifests, err)
	}
	spec := job.Spec
	switch {
	case spec.CompletionMode == nil || *spec.CompletionMode != batchv1.IndexedCompletion:
		t.Error("the Job is not indexed")
	case spec.Completions == nil || int(*spec.Completions) != len(manifests):
		t.Errorf("of %d manifests it runs %v", len(manifests), spec.Completions)
	case spec.BackoffLimitPerIndex == nil || spec.MaxFailedIndexes != nil: // it ends the whole Job, running pods and all
		t.Error("a failed manifest stops the others")
	}
	pod := spec.Template.Spec
	if pod.RestartPolicy != corev1.RestartPolicyNever { // or podFailurePolicy is refused
		t.Errorf("the pods restart: %s", pod.RestartPolicy)
	}
	if len(pod.Containers) != 1 {
		t.Fatalf("%d containers", len(pod.Containers))
	}
	container := pod.Containers[0]
	for _, rule := range spec.PodFailurePolicy.Rules {
		if rule.OnExitCodes != nil && *rule.OnExitCodes.ContainerName != container.Name {
			t.Errorf("a rule is for the container %s", *rule.OnExitCodes.ContainerName)
		}
	}
	volumes := map[string]bool{}
	for _, volume := range pod.Volumes {
		volumes[volume.Name] = true
		if claim := volume.PersistentVolumeClaim; claim != nil && !strings.Contains(strings.Join(claims, " "), claim.ClaimName) {
			t.Errorf("there is no claim %s", claim.ClaimName)
		}
	}
	mounted := map[string]bool{}
	for _, mount := range container.VolumeMounts {
		if !volumes[mount.Name] {
			t.Errorf("%s is a mount of no volume", mount.Name)
		}
		mounted[mount.Name] = true
	}
	for name := range volumes {
		if !mounted[name] {
			t.Errorf("the volume %s is not mounted", name)
		}
	}
}

// TestPodsTakeTheManifestOfTheirIndex runs the command of the pods with another
// program in the place of hyper2kvm.
func TestPodsTakeTheManifestOfTheirIndex(t *testing.T) {
	t.Parallel()
	job, _ := readFleet(t)
	directory := t.TempDir()
	if err := os.CopyFS(filepath.Join(directory, "manifests"), os.DirFS(filepath.Join(example, "manifests"))); err != nil {
		t.Fatal(err)
	}
	program := "#!/bin/sh\necho \"$*\"\n"
	if err := os.WriteFile(filepath.Join(directory, "hyper2kvm"), []byte(program), 0o755); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	command := job.Spec.Template.Spec.Containers[0].Command
	for index, want := range map[string]string{"0": "web-01.json", "1": "web-02.json"} {
		script := strings.ReplaceAll(command[2], "/manifests", directory+"/manifests")
		run := exec.CommandContext(t.Context(), command[0], command[1], script) //nolint:gosec // the example's
		run.Env = append(os.Environ(), "JOB_COMPLETION_INDEX="+index, "PATH="+directory+":"+os.Getenv("PATH"))
		out, err := run.CombinedOutput()
		if want := "--manifest " + directory + "/manifests/" + want + " --skip-finished --host-id fleet\n"; err != nil || string(out) != want {
			t.Errorf("pod %s runs %q (%v)", index, out, err)
		}
	}
}
