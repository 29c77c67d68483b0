terraform {
  required_providers {
    hyper2kvm = {
      source = "hyper2kvm/hyper2kvm"
    }
  }
}

# Migrates every manifest in the folder migrations. The JSON files also work
# with the command: hyper2kvm --manifest migrations/vm1.json

locals {
  manifests = {
    for file in fileset("${path.module}/migrations", "*.json") :
    trimsuffix(file, ".json") => jsondecode(file("${path.module}/migrations/${file}"))
  }
}

provider "hyper2kvm" {
  # How many of them run at the same time. The others wait.
  max_concurrent = 2
}

resource "hyper2kvm_migration" "batch" {
  for_each = local.manifests

  metadata      = try(each.value.metadata, null)
  source        = each.value.source
  output        = each.value.output
  pipeline      = each.value.pipeline
  configuration = try(each.value.configuration, null)
  options       = try(each.value.options, null)
}

output "images" {
  value = { for name, migration in hyper2kvm_migration.batch : name => migration.output_path }
}
