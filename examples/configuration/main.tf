terraform {
  required_version = ">= 1.11" # for password_wo
  required_providers {
    hyper2kvm = {
      source = "hyper2kvm/hyper2kvm"
    }
  }
}

# A guest that starts on KVM with a new user, a new name and a new address. The
# password's hash is write-only: it is neither in the plan nor in the state.

variable "password_hash" {
  description = "Output of openssl passwd -6 for the user deploy."
  type        = string
  ephemeral   = true
}

variable "ssh_public_key" {
  description = "Public key with which deploy logs in."
  type        = string
}

variable "join_token" {
  description = "What the guest registers with when it starts for the first time."
  type        = string
  sensitive   = true
}

resource "hyper2kvm_migration" "app" {
  source = {
    type = "vmdk"
    path = "/data/vmware/app/disk.vmdk"
  }

  output = {
    directory = "/data/kvm/app"
    filename  = "app.qcow2"
  }

  configuration = {
    users = {
      create = [
        {
          name                = "deploy"
          uid                 = 1500
          comment             = "Deployment"
          password_wo         = var.password_hash
          password_wo_version = 1 # raise it when the hash changes
          groups              = ["adm"]
          shell               = "/bin/bash"
          ssh_authorized_keys = [var.ssh_public_key]
          sudo                = ["ALL=(ALL) NOPASSWD: ALL"]
        },
      ]
      disable = ["vmadmin"]
    }

    services = {
      enable  = ["ssh", "fstrim.timer"]
      disable = ["open-vm-tools"]
      # What has configured the card so far.
      mask = ["networking", "ifup@ens192"]
    }

    hostname = {
      hostname = "app01"
      domain   = "example.com"
      hosts = [
        { ip = "10.0.0.5", hostname = "database.example.com database" },
      ]
    }

    machine_id = "reset"

    network = {
      systemd_networkd = [
        {
          filename = "10-lan.network"
          # The card keeps the name that it had on the old machine.
          content = <<-EOT
            [Match]
            Name=ens192

            [Network]
            Address=10.0.0.20/24
            Gateway=10.0.0.1
          EOT
        },
      ]
    }

    first_boot = [
      {
        name    = "register"
        content = <<-EOT
          #!/bin/sh
          printf '%s' '${var.join_token}' | /usr/local/bin/register --token-stdin
        EOT
      },
    ]
  }
}

output "image" {
  value = hyper2kvm_migration.app.output_path
}

output "warnings" {
  value = hyper2kvm_migration.app.report.warnings
}
