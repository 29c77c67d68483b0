package provider

import (
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// bootsConfig migrates two machines side by side and has both booted.
const bootsConfig = `
terraform {
  required_providers {
    hyper2kvm = { source = "hyper2kvm/hyper2kvm" }
  }
}
variable "on_failure" { type = string }
resource "hyper2kvm_migration" "test" {
  for_each = toset(["a", "b"])
  source   = { type = "raw", path = %[1]q }
  output   = { directory = "%[2]s/${each.key}", filename = "web.qcow2" }
  pipeline = {
    convert  = {}
    validate = { boot = { enabled = true, timeout_seconds = 10, on_failure = var.on_failure } }
  }
}
output "verdicts" {
  value = [for m in hyper2kvm_migration.test : "${m.boot.verdict} ${m.boot.state} ${m.boot.screenshot_path}"]
}
`

// TestAccDeadGuests boots two guests at once that never come up. Nothing of them is
// published but what was seen, unless that is only to be warned of; and then destroy
// removes all of it.
func TestAccDeadGuests(t *testing.T) {
	t.Parallel()
	requireTerraform(t)
	source, directory := hangingDisk(t), filepath.Join(t.TempDir(), "images")
	mark := "HOME=" + t.TempDir()
	c := newCLI(t, buildProvider(t), map[string]string{"main.tf": fmt.Sprintf(bootsConfig, source, directory)}, mark)
	killAtTheEnd(t, mark)

	out, err := c.try("apply", "-auto-approve", "-no-color", "-var=on_failure=fatal")
	if err == nil {
		t.Errorf("the apply succeeded:\n%s", out)
	}
	said := strings.Join(strings.Fields(strings.ReplaceAll(out, "│", "")), " ")
	for _, want := range []string{
		"does not boot: nothing was heard or seen of its system within 10s", "Its screen is in " + filepath.Join(directory, "a", "report.boot.png"),
		"raise pipeline.validate.boot.timeout_seconds",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	for _, name := range []string{"a", "b"} {
		if left, want := fmt.Sprint(listing(t, filepath.Join(directory, name))), "[report.boot.log report.boot.png report.json]"; left != want {
			t.Errorf("of the dead guest there is %s, want %s", left, want)
		}
	}

	c.run("apply", "-auto-approve", "-no-color", "-var=on_failure=warn")
	verdicts := c.run("output", "-no-color", "verdicts")
	for _, name := range []string{"a", "b"} {
		picture := filepath.Join(directory, name, "report.boot.png")
		if want := "dead silent " + picture; !strings.Contains(verdicts, want) {
			t.Errorf("the verdicts are %s, want %q among them", verdicts, want)
		}
		checkEvidence(t, picture)
		checkEvidence(t, filepath.Join(directory, name, "report.boot.log"))
		file, err := os.Open(picture)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := png.Decode(file); err != nil {
			t.Error(err)
		}
		_ = file.Close()
	}
	c.run("destroy", "-auto-approve", "-no-color", "-var=on_failure=warn")
	for _, name := range []string{"a", "b"} {
		if left := listing(t, filepath.Join(directory, name)); len(left) != 0 {
			t.Errorf("after the destroy there is %q", left)
		}
	}
}

// checkEvidence: who may read the image need not see what the guest shows.
func checkEvidence(t *testing.T, path string) {
	t.Helper()
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%s: %v, %v", path, info, err)
	}
}
