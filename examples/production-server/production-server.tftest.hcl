# terraform test: plans, and migrates nothing.

variables {
  password_hash  = "$6$saltsalt$2WgAWfjkcrlbK3w5wfV5yKW8jXWZ1CLRgUs6lZ5tQjQmSmJEUmmXJTrvRUq2a5CkAJDkiBwxXFnvs4PbWl4fE0"
  ssh_public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f ansible@controller"
}

run "runs_all_stages" {
  command = plan

  assert {
    condition     = alltrue([for name, stage in hyper2kvm_migration.webserver.pipeline : stage.enabled])
    error_message = "A stage is off."
  }

  assert {
    condition     = hyper2kvm_migration.webserver.report_path == "/data/kvm/webserver/migration-report.json"
    error_message = "The path of the report is to be known at plan."
  }
}
