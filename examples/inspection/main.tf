terraform {
  required_providers {
    hyper2kvm = {
      source = "hyper2kvm/hyper2kvm"
    }
  }
}

# Looks into a disk and changes nothing: no image is made.

resource "hyper2kvm_migration" "inspection" {
  metadata = {
    name = "inspection-only"
  }

  source = {
    type = "vmdk"
    path = "/data/source/disk.vmdk"
  }

  output = {
    directory = "/tmp/inspection-output"
  }

  pipeline = {
    inspect = {
      collect_guest_info = true
    }
  }

  options = {
    report = {
      path = "inspection-report.json"
    }
  }
}

output "guest" {
  description = "Operating system, firmware, host name and so on."
  value       = hyper2kvm_migration.inspection.guest
}
