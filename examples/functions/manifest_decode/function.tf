locals {
  manifest = provider::hyper2kvm::manifest_decode(file("${path.module}/migration.json"))
}

resource "hyper2kvm_migration" "web" {
  metadata      = local.manifest.metadata
  source        = local.manifest.source
  output        = local.manifest.output
  pipeline      = local.manifest.pipeline
  configuration = local.manifest.configuration
  options       = local.manifest.options
  overwrite     = local.manifest.overwrite
}
