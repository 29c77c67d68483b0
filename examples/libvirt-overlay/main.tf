# Migrates a disk and boots it as a libvirt domain that leaves the image as it
# is: what the guest writes goes into an overlay.

terraform {
  required_providers {
    hyper2kvm = {
      source = "hyper2kvm/hyper2kvm"
    }
    libvirt = {
      source  = "dmacvicar/libvirt"
      version = "~> 0.9.7"
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

  # The overlay has only what the guest changed, and is lost with the image.
  deletion_protection = true
}

resource "libvirt_volume" "webserver" {
  name     = "webserver-overlay.qcow2"
  pool     = "default"
  capacity = hyper2kvm_migration.webserver.guest.virtual_size # bytes
  target   = { format = { type = "qcow2" } }

  backing_store = {
    path   = hyper2kvm_migration.webserver.output_path
    format = { type = "qcow2" }
  }

  lifecycle {
    # An overlay of another image is garbage on this one.
    replace_triggered_by = [hyper2kvm_migration.webserver.report]
  }
}

resource "libvirt_domain" "webserver" {
  name        = "webserver"
  type        = "kvm"
  memory      = 2048
  memory_unit = "MiB"
  vcpu        = 2
  running     = true

  cpu      = { mode = "host-passthrough" }
  features = { acpi = true }

  os = {
    type            = "hvm"
    type_arch       = "x86_64"
    type_machine    = hyper2kvm_migration.webserver.guest.disk_bus == "ide" ? "pc" : "q35"
    loader          = hyper2kvm_migration.webserver.guest.firmware == "uefi" ? "/usr/share/OVMF/OVMF_CODE_4M.fd" : null
    loader_readonly = hyper2kvm_migration.webserver.guest.firmware == "uefi" ? "yes" : null
    loader_type     = hyper2kvm_migration.webserver.guest.firmware == "uefi" ? "pflash" : null
  }

  devices = {
    disks = [
      {
        source = { file = { file = libvirt_volume.webserver.path } }
        target = {
          dev = hyper2kvm_migration.webserver.guest.disk_bus == "virtio" ? "vda" : "sda"
          bus = hyper2kvm_migration.webserver.guest.disk_bus
        }
        driver = { name = "qemu", type = "qcow2" }
      },
    ]
    controllers = hyper2kvm_migration.webserver.guest.disk_bus == "scsi" ? [{ type = "scsi", model = "virtio-scsi" }] : null
    interfaces = [
      {
        model  = { type = hyper2kvm_migration.webserver.guest.nic_model }
        source = { network = { network = "default" } }
      },
    ]
    graphics = [{ vnc = { auto_port = true } }]
    serials  = [{ target = { port = 0 } }]
    consoles = [{ target = { type = "serial", port = 0 } }]
  }

  destroy = { graceful = true, shutdown = { timeout = 120 } }

  lifecycle {
    replace_triggered_by = [libvirt_volume.webserver]
  }
}
