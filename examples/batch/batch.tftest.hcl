# terraform test: plans, and migrates nothing.

run "every_manifest_is_planned" {
  command = plan

  assert {
    condition     = length(hyper2kvm_migration.batch) == length(fileset("${path.module}/migrations", "*.json"))
    error_message = "A manifest has no migration."
  }

  assert {
    condition     = alltrue([for path in values(output.images) : endswith(path, ".qcow2")])
    error_message = "The paths of the images are to be known at plan."
  }
}
