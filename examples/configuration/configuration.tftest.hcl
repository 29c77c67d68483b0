# terraform test: plans, and migrates nothing.

variables {
  password_hash  = "$6$saltsalt$2WgAWfjkcrlbK3w5wfV5yKW8jXWZ1CLRgUs6lZ5tQjQmSmJEUmmXJTrvRUq2a5CkAJDkiBwxXFnvs4PbWl4fE0"
  ssh_public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f ansible@controller"
  join_token     = "token"
}

run "keeps_the_password_out_of_the_plan" {
  command = plan

  assert {
    condition     = hyper2kvm_migration.app.configuration.users.create[0].password_wo == null
    error_message = "The hash is to be write-only."
  }

  assert {
    condition     = hyper2kvm_migration.app.configuration.users.create[0].password_wo_version == 1
    error_message = "Without a version, a new hash would change nothing."
  }
}
