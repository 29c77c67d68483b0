# terraform test: migrates nothing, but makes up what became of the guest.

mock_provider "hyper2kvm" {
  mock_resource "hyper2kvm_migration" {
    defaults = {
      boot = {
        verdict         = "booted"
        state           = "probe"
        reason          = null
        seconds         = 34.2
        hostname        = "web01"
        addresses       = ["10.0.0.5"]
        failed_units    = []
        log_path        = "/var/lib/libvirt/images/web01.report.boot.log"
        screenshot_path = "/var/lib/libvirt/images/web01.report.boot.png"
      }
    }
  }
}

run "is_up" {
  assert {
    condition     = hyper2kvm_migration.web.pipeline.validate.boot.enabled && endswith(output.screenshot, ".png")
    error_message = "The guest is to be booted, and its picture to be found."
  }
}

run "has_a_failed_service" {
  plan_options {
    replace = [hyper2kvm_migration.web]
  }
  override_resource {
    target = hyper2kvm_migration.web
    values = {
      boot = {
        verdict         = "booted"
        state           = "probe"
        reason          = null
        seconds         = 34.2
        hostname        = "web01"
        addresses       = ["10.0.0.5"]
        failed_units    = ["nginx.service"]
        log_path        = "/var/lib/libvirt/images/web01.report.boot.log"
        screenshot_path = "/var/lib/libvirt/images/web01.report.boot.png"
      }
    }
  }
  expect_failures = [check.web_services]
}

run "has_another_address" {
  plan_options {
    replace = [hyper2kvm_migration.web]
  }
  override_resource {
    target = hyper2kvm_migration.web
    values = {
      boot = {
        verdict         = "booted"
        state           = "probe"
        reason          = null
        seconds         = 34.2
        hostname        = "web01"
        addresses       = ["10.0.0.99"]
        failed_units    = []
        log_path        = "/var/lib/libvirt/images/web01.report.boot.log"
        screenshot_path = "/var/lib/libvirt/images/web01.report.boot.png"
      }
    }
  }
  expect_failures = [hyper2kvm_migration.web]
}

run "was_seen_neither_up_nor_dead" {
  plan_options {
    replace = [hyper2kvm_migration.web]
  }
  override_resource {
    target = hyper2kvm_migration.web
    values = {
      boot = {
        verdict         = "undecided"
        state           = null
        reason          = "neither a login prompt nor a failure was seen within 5m0s"
        seconds         = 34.2
        hostname        = null
        addresses       = []
        failed_units    = []
        log_path        = "/var/lib/libvirt/images/web01.report.boot.log"
        screenshot_path = "/var/lib/libvirt/images/web01.report.boot.png"
      }
    }
  }
  expect_failures = [hyper2kvm_migration.web]
}
