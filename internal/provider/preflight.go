package provider

import (
	"errors"
	"os"
	"os/exec"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

// preflight warns at plan of what would fail a migration on this host. It may
// be another host that applies, and the source may be made by then; the
// migration itself makes errors of the same before any work.
func (e *engine) preflight(m *manifest.Manifest, unknown unknownPaths) (diags diag.Diagnostics) {
	const summary = "Migration would fail on this host"
	if !unknown.touch("source.path") && !unknown.touch("output") {
		var problems manifest.Errors
		if errors.As(m.CheckHost(), &problems) {
			for _, problem := range problems {
				diags.AddAttributeWarning(path.Root("source"), summary, problem.Error()+".")
			}
		}
	}
	if _, err := exec.LookPath("qemu-img"); err != nil {
		diags.AddWarning(summary, "qemu-img is not installed here. Install it (Debian, Ubuntu: qemu-utils; Fedora, RHEL: qemu-img).")
	}
	if e.acceleration == "kvm" && (m.Pipeline.Inspect.Enabled || m.Pipeline.Fix.Enabled) {
		device, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
		if err != nil {
			diags.AddWarning(summary, "acceleration is kvm, and KVM cannot be used here: "+err.Error()+
				". Give this user access to it, or set acceleration = \"auto\".")
		} else {
			_ = device.Close()
		}
	}
	return diags
}
