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
  capacity = hyper2kvm_migration.webserver.machine.disks[0].virtual_size # bytes
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
  memory      = hyper2kvm_migration.webserver.machine.memory_mib
  memory_unit = "MiB"
  vcpu        = hyper2kvm_migration.webserver.machine.vcpus
  running     = true

  cpu = {
    mode     = "host-passthrough"
    topology = { sockets = 1, cores = hyper2kvm_migration.webserver.machine.vcpus, threads = 1 }
  }
  clock = { offset = hyper2kvm_migration.webserver.machine.clock }

  features = { acpi = true, smm = hyper2kvm_migration.webserver.machine.secure_boot ? { state = "on" } : null }

  os = {
    type         = "hvm"
    type_arch    = "x86_64"
    type_machine = hyper2kvm_migration.webserver.machine.machine_type
    loader = hyper2kvm_migration.webserver.machine.firmware != "uefi" ? null : (
      hyper2kvm_migration.webserver.machine.secure_boot ? "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd" : "/usr/share/OVMF/OVMF_CODE_4M.fd"
    )
    loader_readonly = hyper2kvm_migration.webserver.machine.firmware == "uefi" ? "yes" : null
    loader_type     = hyper2kvm_migration.webserver.machine.firmware == "uefi" ? "pflash" : null
    loader_secure   = hyper2kvm_migration.webserver.machine.secure_boot ? "yes" : null
    nv_ram = hyper2kvm_migration.webserver.machine.secure_boot ? {
      nv_ram   = "/var/lib/libvirt/qemu/nvram/webserver_VARS.fd"
      template = "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"
    } : null
  }

  devices = {
    disks = [
      {
        source = { file = { file = libvirt_volume.webserver.path } }
        target = {
          dev = "${ { virtio = "vd", scsi = "sd", sata = "sd", ide = "hd" }[hyper2kvm_migration.webserver.machine.disks[0].bus]}a"
          bus = hyper2kvm_migration.webserver.machine.disks[0].bus
        }
        driver = { name = "qemu", type = "qcow2" }
        serial = hyper2kvm_migration.webserver.machine.disks[0].serial
        boot   = { order = 1 }
        block_io = hyper2kvm_migration.webserver.machine.disks[0].sector_size > 512 ? {
          logical_block_size  = hyper2kvm_migration.webserver.machine.disks[0].sector_size
          physical_block_size = hyper2kvm_migration.webserver.machine.disks[0].sector_size
        } : null
      },
    ]
    controllers = hyper2kvm_migration.webserver.machine.disks[0].bus == "scsi" ? [{ type = "scsi", index = 0, model = "virtio-scsi" }] : null
    interfaces = [for nic in hyper2kvm_migration.webserver.machine.nics : {
      model  = { type = nic.model }
      mac    = nic.mac == null ? null : { address = nic.mac }
      source = { network = { network = "default" } }
    }]
    graphics = [{ vnc = { auto_port = true } }]
    videos   = [{ model = { type = hyper2kvm_migration.webserver.machine.video, vram = 16384, heads = 1, primary = "yes" } }]
    serials  = [{ target = { port = 0 } }]
    consoles = [{ target = { type = "serial", port = 0 } }]
    tpms     = hyper2kvm_migration.webserver.machine.tpm ? [{ model = "tpm-crb", backend = { emulator = { version = "2.0" } } }] : null
    rngs     = hyper2kvm_migration.webserver.machine.rng ? [{ model = "virtio", backend = { random = "/dev/urandom" } }] : null
    channels = hyper2kvm_migration.webserver.machine.guest_agent ? [{ source = { unix = {} }, target = { virt_io = { name = "org.qemu.guest_agent.0" } } }] : null
  }

  destroy = { graceful = true, shutdown = { timeout = 120 } }

  lifecycle {
    replace_triggered_by = [libvirt_volume.webserver]
  }
}
