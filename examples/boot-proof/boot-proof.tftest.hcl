# terraform test: plans, and migrates nothing.

run "boots_the_guest" {
  command = plan

  assert {
    condition     = hyper2kvm_migration.web.pipeline.validate.boot.enabled && hyper2kvm_migration.web.pipeline.validate.boot.on_failure == "fatal"
    error_message = "The guest is to be booted, and to fail the migration if it does not come up."
  }
}
