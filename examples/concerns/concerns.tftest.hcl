# terraform test: plans with an inspection that is made up, and migrates nothing.

mock_provider "hyper2kvm" {}

variables {
  concerns = [
    { id = "vmware.vm_suspended.detected", category = "critical", assessment = "the old machine is suspended" },
    { id = "vmware.tpm.detected", category = "warning", assessment = "the old machine has a TPM" },
  ]
}

run "plans_where_nothing_is_found" {
  command = plan

  assert {
    condition     = length(module.gate.critical) == 0
    error_message = "An inspection without concerns has nothing critical."
  }
}

run "fails_on_a_critical_concern" {
  command = plan

  module {
    source = "./gate"
  }

  expect_failures = [check.no_critical_concern]
}

run "takes_what_is_accepted" {
  command = plan

  module {
    source = "./gate"
  }

  variables {
    accepted = ["vmware.vm_suspended.detected"]
  }

  assert {
    condition     = length(output.critical) == 0
    error_message = "What is accepted is not critical."
  }
}
