# Migrates a disk and boots it as a libvirt domain.

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
    # Of a mode that lets libvirt's QEMU user enter (0711, 0755), and the
    # directories above it, too.
    directory = "/var/lib/libvirt/images"
    filename  = "webserver.qcow2"
  }

  # The domain writes to this image: from its first boot on, it is the machine's
  # only disk. With this, no plan deletes or replaces it before this says false.
  deletion_protection = true
}

resource "libvirt_domain" "webserver" {
  name        = "webserver"
  type        = "kvm"
  memory      = 2048
  memory_unit = "MiB"
  vcpu        = 2
  running     = true

  # Without it the guest gets QEMU's oldest processor, which RHEL 9 and its
  # relatives do not start on.
  cpu = { mode = "host-passthrough" }

  # UEFI is refused without ACPI, and a guest hears of a shutdown by it.
  features = { acpi = true }

  os = {
    type         = "hvm"
    type_arch    = "x86_64"
    type_machine = hyper2kvm_migration.webserver.guest.disk_bus == "ide" ? "pc" : "q35"
    # Not firmware = "efi": libvirt may choose a firmware then that enforces Secure
    # Boot, and no longer names it in what the provider reads back. The path is
    # that of Debian and Ubuntu; Fedora has /usr/share/edk2/ovmf/OVMF_CODE.fd.
    loader          = hyper2kvm_migration.webserver.guest.firmware == "uefi" ? "/usr/share/OVMF/OVMF_CODE_4M.fd" : null
    loader_readonly = hyper2kvm_migration.webserver.guest.firmware == "uefi" ? "yes" : null
    loader_type     = hyper2kvm_migration.webserver.guest.firmware == "uefi" ? "pflash" : null
  }

  devices = {
    disks = [
      {
        source = { file = { file = hyper2kvm_migration.webserver.output_path } }
        target = {
          dev = hyper2kvm_migration.webserver.guest.disk_bus == "virtio" ? "vda" : "sda"
          bus = hyper2kvm_migration.webserver.guest.disk_bus
        }
        driver = { name = "qemu", type = "qcow2" }
      },
    ]
    # What the bus "scsi" means: the default is a controller that few kernels drive.
    controllers = hyper2kvm_migration.webserver.guest.disk_bus == "scsi" ? [{ type = "scsi", model = "virtio-scsi" }] : null
    interfaces = [
      {
        model  = { type = hyper2kvm_migration.webserver.guest.nic_model }
        source = { network = { network = "default" } }
      },
    ]
    # A display, though nobody may look: GRUB hangs in a machine without one.
    graphics = [{ vnc = { auto_port = true } }]
    # For virsh console.
    serials  = [{ target = { port = 0 } }]
    consoles = [{ target = { type = "serial", port = 0 } }]
  }

  # Two minutes for the guest to shut down by itself.
  destroy = { graceful = true, shutdown = { timeout = 120 } }

  lifecycle {
    # A new image at the same path looks unchanged from here. Without this the
    # domain would go on with the old one, deleted under it.
    replace_triggered_by = [hyper2kvm_migration.webserver.report]
  }
}
