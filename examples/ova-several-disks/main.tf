terraform {
  required_providers {
    hyper2kvm = {
      source = "hyper2kvm/hyper2kvm"
    }
  }
}

# A machine with several disks, as VMware exports it: all of them are converted,
# and what the package tells of the machine can be used for the new one.

resource "hyper2kvm_migration" "db" {
  source = {
    type = "ova"
    path = "/data/exports/databases.ova"
    # Only needed where the package holds several machines.
    vm = "db01"
    # As sha256sum prints it. The checksums inside the package are compared, too.
    checksum = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
  }

  output = {
    directory = "/var/lib/libvirt/images"
    filename  = "db01.qcow2"
  }
}

output "boot_disk" {
  description = "The disk that the machine starts from, wherever it stands in the package. Known at plan."
  value       = hyper2kvm_migration.db.output_path
}

output "disks" {
  description = "All disks in the order in which to attach them: db01.qcow2, db01-disk2.qcow2 and so on."
  value       = hyper2kvm_migration.db.artifacts[*].path
}

output "machine" {
  description = "What the new machine should have, with defaults where the package does not say."
  value = {
    name       = hyper2kvm_migration.db.guest.name
    vcpus      = coalesce(hyper2kvm_migration.db.guest.vcpus, 2)
    memory_mib = coalesce(hyper2kvm_migration.db.guest.memory_mib, 4096)
    firmware   = hyper2kvm_migration.db.guest.firmware
    macs       = compact(hyper2kvm_migration.db.guest.nics[*].mac)
  }
}
