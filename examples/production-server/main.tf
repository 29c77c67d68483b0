terraform {
  required_providers {
    hyper2kvm = {
      source = "hyper2kvm/hyper2kvm"
    }
  }
}

# A production web server: everything in the manifest, users and network too.

variable "password_hash" {
  description = "Output of openssl passwd -6 for the user ansible."
  type        = string
  sensitive   = true
}

variable "ssh_public_key" {
  description = "Public key with which ansible logs in."
  type        = string
}

resource "hyper2kvm_migration" "webserver" {
  metadata = {
    name        = "production-webserver-migration"
    description = "Migrate production web server from VMware to KVM"
    owner       = "ops-team"
    tags        = ["production", "web", "linux"]
  }

  source = {
    type = "vmdk"
    path = "/data/vmware/webserver/disk.vmdk"
  }

  output = {
    directory = "/data/kvm/webserver"
    format    = "qcow2"
    filename  = "webserver-prod.qcow2"
  }

  # A stage that is not named here does not run.
  pipeline = {
    inspect = {
      collect_guest_info = true
    }
    fix = {
      remove_vmware_tools = true
    }
    convert = {
      compress       = true
      compress_level = 6
    }
    validate = {}
  }

  configuration = {
    users = {
      create = [
        {
          name                = "ansible"
          uid                 = 1001
          password            = var.password_hash
          groups              = ["wheel"]
          shell               = "/bin/bash"
          ssh_authorized_keys = [var.ssh_public_key]
        },
      ]
    }
    services = {
      enable  = ["sshd", "nginx", "docker"]
      disable = ["vmware-tools", "open-vm-tools"]
    }
    hostname = {
      hostname = "webserver01"
      domain   = "prod.example.com"
      hosts = [
        { ip = "127.0.0.1", hostname = "localhost" },
        { ip = "10.0.0.10", hostname = "webserver01.prod.example.com webserver01" },
      ]
    }
    network = {
      systemd_networkd = [
        {
          filename = "10-eth0.network"
          content  = <<-EOT
            [Match]
            Name=eth0

            [Network]
            Address=10.0.0.10/24
            Gateway=10.0.0.1
            DNS=8.8.8.8
            DNS=8.8.4.4
          EOT
        },
      ]
    }
  }

  options = {
    verbose = 2
    report = {
      path = "migration-report.json"
    }
  }

  timeouts = {
    create = "3h"
  }
}

output "image" {
  value = hyper2kvm_migration.webserver.output_path
}

output "warnings" {
  value = hyper2kvm_migration.webserver.report.warnings
}
