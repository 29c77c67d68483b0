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
    # published with a warning, and so is one that cannot be booted here, whose boot
    # is null. This makes both an error.
    postcondition {
      condition     = try(self.boot.verdict, "") == "booted"
      error_message = "web01 was not seen to boot: ${try(coalesce(self.boot.reason), "see the warnings")}"
    }

    # What is not as the guest is configured to be is a warning. This makes the two
    # that matter most errors.
    postcondition {
      condition     = try(self.boot.hostname == "web01" && contains(self.boot.addresses, "10.0.0.5"), false)
      error_message = "web01 came up as ${try(coalesce(self.boot.hostname), "nothing that it told")} with ${try(join(", ", self.boot.addresses), "no address")}."
    }
  }
}

# A check only warns, at each plan and apply: here of services that failed for
# whatever reason, or are not known.
check "web_services" {
  assert {
    condition     = try(length(hyper2kvm_migration.web.boot.failed_units), -1) == 0
    error_message = "Failed when web01 was booted: ${try(join(", ", hyper2kvm_migration.web.boot.failed_units), "it told nothing of itself")}."
  }
}

output "screenshot" {
  description = "The picture of the guest's screen."
  value       = try(hyper2kvm_migration.web.boot.screenshot_path, null)
}
