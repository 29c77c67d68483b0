# Migrates a disk and boots it as a libvirt domain.

terraform {
  required_providers {
    hyper2kvm = {
      source = "hyper2kvm/hyper2kvm"
    }
    libvirt = {
      source  = "dmacvicar/libvirt"
      version = "~> 0.9"
    }
  }
}

provider "libvirt" {
  uri = "qemu:///system"
}

resource "hyper2kvm_migration" "webserver" {
  source = {
    type = "vmdk"
    path = "/data/vmware/webserver/disk.vmdk"
  }

  output = {
    directory = "/var/lib/libvirt/images"
    filename  = "webserver.qcow2"
  }
}

resource "libvirt_domain" "webserver" {
  name        = "webserver"
  type        = "kvm"
  memory      = 2048
  memory_unit = "MiB"
  vcpu        = 2
  running     = true

  os = {
    type         = "hvm"
    type_arch    = "x86_64"
    type_machine = "q35"
    firmware     = hyper2kvm_migration.webserver.guest.firmware == "uefi" ? "efi" : null
  }

  devices = {
    disks = [
      {
        source = { file = { file = hyper2kvm_migration.webserver.output_path } }
        target = { dev = "vda", bus = "virtio" }
        driver = { name = "qemu", type = "qcow2" }
      },
    ]
    interfaces = [
      {
        model  = { type = "virtio" }
        source = { network = { network = "default" } }
      },
    ]
  }

  lifecycle {
    # A new image at the same path looks unchanged from here. Without this the
    # domain would go on with the old one, deleted under it.
    replace_triggered_by = [hyper2kvm_migration.webserver.report]
  }
}
