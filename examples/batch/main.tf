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
    trimsuffix(file, ".json") => provider::hyper2kvm::manifest_decode(file("${path.module}/migrations/${file}"))
  }
}

provider "hyper2kvm" {
  # How many of them run at the same time. The others wait.
  max_concurrent = 2
}

resource "hyper2kvm_migration" "batch" {
  for_each = local.manifests

  metadata      = each.value.metadata
  source        = each.value.source
  output        = each.value.output
  pipeline      = each.value.pipeline
  configuration = each.value.configuration
  options       = each.value.options
  overwrite     = each.value.overwrite
}

output "images" {
  value = { for name, migration in hyper2kvm_migration.batch : name => migration.output_path }
}
