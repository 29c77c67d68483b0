package provider

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// A provider that has nothing to do must not stay when Terraform is killed.
func TestAccCrashOfTerraformWhileTheProviderIdles(t *testing.T) {
	requireTerraform(t)
	mark := "HOME=" + t.TempDir()
	config := fmt.Sprintf(crashConfig, sparseFile(t, 4<<20), t.TempDir(), t.TempDir(), conversionAlone, "raw") + `
resource "terraform_data" "first" {
  provisioner "local-exec" { command = "exec sleep 600" }
}
`
	config = strings.Replace(config, "  pipeline =", "  depends_on = [terraform_data.first]\n  pipeline =", 1)
	c := newCLI(t, buildProvider(t), map[string]string{"main.tf": config}, mark)
	killAtTheEnd(t, mark)
	cmd := exec.Command("terraform", "apply", "-auto-approve", "-no-color")
	cmd.Dir, cmd.Env = c.directory, c.env
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, time.Minute, "Terraform waits", func() bool { return countMarked(mark, "sleep 600") == 1 })
	await(t, time.Minute, "of the providers one is left", func() bool { return countMarked(mark, "terraform-provider-hyper2kvm") == 1 })
	kill(t, cmd.Process.Pid)
	_ = cmd.Wait()
	await(t, 30*time.Second, "the provider ends", func() bool { return countMarked(mark, "terraform-provider-hyper2kvm") == 0 })
}
