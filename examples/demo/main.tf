terraform {
  required_providers {
    hyper2kvm = {
      source = "registry.terraform.io/hyper2kvm/hyper2kvm"
    }
  }
}

variable "source_path" {
  description = "Disk of the VMware machine."
  type        = string
  default     = "/data/vms/webserver.vmdk"
}

variable "output_directory" {
  description = "Where the KVM image goes."
  type        = string
  default     = "/var/lib/libvirt/images"
}

provider "hyper2kvm" {}

resource "hyper2kvm_migration" "demo" {
  metadata = {
    name = "demo"
  }
  source = {
    type = "vmdk"
    path = var.source_path
  }
  output = {
    directory = var.output_directory
    filename  = "demo.qcow2"
  }
}

output "image" {
  value = hyper2kvm_migration.demo.output_path
}

output "guest" {
  value = hyper2kvm_migration.demo.guest
}

output "stages" {
  description = "Seconds that each stage took."
  value       = { for name, stage in hyper2kvm_migration.demo.report.stages : name => stage.duration }
}
