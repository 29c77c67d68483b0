terraform {
  required_providers {
    hyper2kvm = {
      source = "hyper2kvm/hyper2kvm"
    }
  }
}

# Tells what would be changed in the guest. Nothing is kept but the report,
# which has every change with its diff.

resource "hyper2kvm_migration" "rehearsal" {
  metadata = {
    name = "dry-run-test"
  }

  source = {
    type = "vmdk"
    path = "/data/source/disk.vmdk"
  }

  output = {
    directory = "/tmp/dry-run-output"
  }

  pipeline = {
    inspect = {}
    fix     = {}
  }

  options = {
    dry_run = true
    verbose = 2
  }
}

output "report_path" {
  value = hyper2kvm_migration.rehearsal.report_path
}
