terraform {
  required_providers {
    hyper2kvm = {
      source = "hyper2kvm/hyper2kvm"
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

  pipeline = {
    inspect = {}
    fix     = {}
    convert = {}
    # The guest is booted from the image before that gets its name.
    validate = { boot = { enabled = true } }
  }

  lifecycle {
    postcondition {
      condition     = self.boot.verdict == "booted"
      error_message = "The guest was not seen to boot: ${coalesce(self.boot.reason, "no reason is known")}"
    }
  }
}

output "image" {
  value = hyper2kvm_migration.demo.output_path
}

output "guest" {
  value = hyper2kvm_migration.demo.guest
}

output "boot" {
  description = "What became of the guest when it was booted."
  value       = hyper2kvm_migration.demo.boot
}

output "picture" {
  description = "The picture of its screen."
  value       = hyper2kvm_migration.demo.boot.screenshot_path
}

output "stages" {
  description = "Seconds that each stage took."
  value       = { for name, stage in hyper2kvm_migration.demo.report.stages : name => stage.duration }
}
