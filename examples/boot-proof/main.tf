terraform {
  required_providers {
    hyper2kvm = {
      source = "hyper2kvm/hyper2kvm"
    }
  }
}

# The guest is booted from the finished image before the image gets its name. If
# it does not come up, the apply fails, and there is no image.

resource "hyper2kvm_migration" "web" {
  source = {
    type = "vmdk"
    path = "/data/exports/web01.vmdk"
  }

  output = {
    directory = "/var/lib/libvirt/images"
    filename  = "web01.qcow2"
  }

  pipeline = {
    inspect = {}
    fix     = {}
    convert = {}
    validate = {
      boot = {
        enabled         = true
        timeout_seconds = 300
      }
    }
  }

  lifecycle {
    # A guest of which neither a login prompt nor a failure is seen in time is
    # published with a warning. This makes it an error.
    postcondition {
      condition     = self.boot.verdict == "booted"
      error_message = "web01 was not seen to boot: ${coalesce(self.boot.reason, "no reason is known")}"
    }

    # What is not as the guest is configured to be is a warning. This makes the two
    # that matter most errors.
    postcondition {
      condition     = self.boot.hostname == "web01" && contains(self.boot.addresses, "10.0.0.5")
      error_message = "web01 came up as ${coalesce(self.boot.hostname, "nothing that it told")} with ${join(", ", self.boot.addresses)}."
    }
  }
}

output "screenshot" {
  description = "The picture of the guest's screen."
  value       = hyper2kvm_migration.web.boot.screenshot_path
}
