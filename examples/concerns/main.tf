terraform {
  required_providers {
    hyper2kvm = {
      source = "hyper2kvm/hyper2kvm"
    }
  }
}

# Looks at a machine before it is migrated, and stops the plan where something
# critical is found that nobody has accepted.

locals {
  source = { type = "vmx", path = "/data/datastore/db01/db01.vmx" }
}

data "hyper2kvm_inspection" "db" {
  source = local.source
}

module "gate" {
  source   = "./gate"
  concerns = data.hyper2kvm_inspection.db.concerns
  accepted = []
}

resource "hyper2kvm_migration" "db" {
  source = local.source
  output = { directory = "/var/lib/libvirt/images" }

  lifecycle {
    precondition {
      condition     = length(module.gate.critical) == 0
      error_message = join("\n", module.gate.critical)
    }
  }
}
