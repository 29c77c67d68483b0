terraform {
  required_providers {
    hyper2kvm = {
      source = "hyper2kvm/hyper2kvm"
    }
  }
}

# A machine as its folder lies on a datastore or a workstation. The .vmx file says
# which disks it has, in which state of its snapshots, and what else it is made of.

resource "hyper2kvm_migration" "web" {
  source = {
    type = "vmx"
    path = "/data/datastore/web/web.vmx"
  }

  output = {
    directory = "/var/lib/libvirt/images"
  }
}

output "boot_disk" {
  description = "The disk that the machine starts from. Known at plan."
  value       = hyper2kvm_migration.web.output_path
}

output "macs" {
  description = "The hardware addresses that the new machine's cards need."
  value       = compact(hyper2kvm_migration.web.guest.nics[*].mac)
}
