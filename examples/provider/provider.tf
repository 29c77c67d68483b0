terraform {
  required_providers {
    hyper2kvm = {
      source = "hyper2kvm/hyper2kvm"
    }
  }
}

provider "hyper2kvm" {
  # All of these are optional.
  acceleration   = "auto"
  max_concurrent = 2
  work_directory = "/var/tmp"
}
