# Migrates a machine with all of its disks and boots it as a libvirt domain.

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
    type = "vmx"
    path = "/data/vmware/webserver/webserver.vmx"
  }

  output = {
    # Of a mode that lets libvirt's QEMU user enter (0711, 0755), and the
    # directories above it, too.
    directory = "/var/lib/libvirt/images"
    filename  = "webserver.qcow2"
  }

  # The domain writes to the images: from its first boot on, they are the machine's
  # only disks. With this, no plan deletes or replaces them before this says false.
  deletion_protection = true
}

# All that the machine is made of comes from the migration: the old machine's
# processors, memory and cards, and what the guest was found to need.
resource "libvirt_domain" "webserver" {
  name        = "webserver"
  type        = "kvm"
  memory      = hyper2kvm_migration.webserver.machine.memory_mib
  memory_unit = "MiB"
  vcpu        = hyper2kvm_migration.webserver.machine.vcpus
  running     = true

  # The host's own processor is of the level that the guest needs (machine.cpu_level),
  # where it can be on this host. Without it the guest gets QEMU's oldest one, which
  # RHEL 9 and its relatives do not start on. One socket: Windows and SQL Server count
  # sockets, which libvirt would make of each processor, and their editions limit them.
  cpu = {
    mode     = "host-passthrough"
    topology = { sockets = 1, cores = hyper2kvm_migration.webserver.machine.vcpus, threads = 1 }
  }
  clock = { offset = hyper2kvm_migration.webserver.machine.clock }

  # UEFI is refused without ACPI, and a guest hears of a shutdown by it. Secure Boot
  # needs SMM.
  features = { acpi = true, smm = hyper2kvm_migration.webserver.machine.secure_boot ? { state = "on" } : null }

  os = {
    type         = "hvm"
    type_arch    = "x86_64"
    type_machine = hyper2kvm_migration.webserver.machine.machine_type
    # Not firmware = "efi": libvirt may choose a firmware then that enforces Secure
    # Boot, and no longer names it in what the provider reads back. The paths are
    # those of Debian and Ubuntu; Fedora has /usr/share/edk2/ovmf/OVMF_CODE.fd. The
    # template of Secure Boot has Microsoft's keys.
    loader = hyper2kvm_migration.webserver.machine.firmware != "uefi" ? null : (
      hyper2kvm_migration.webserver.machine.secure_boot ? "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd" : "/usr/share/OVMF/OVMF_CODE_4M.fd"
    )
    loader_readonly = hyper2kvm_migration.webserver.machine.firmware == "uefi" ? "yes" : null
    loader_type     = hyper2kvm_migration.webserver.machine.firmware == "uefi" ? "pflash" : null
    loader_secure   = hyper2kvm_migration.webserver.machine.secure_boot ? "yes" : null
    # The provider wants a path here, where libvirt would choose this one.
    nv_ram = hyper2kvm_migration.webserver.machine.secure_boot ? {
      nv_ram   = "/var/lib/libvirt/qemu/nvram/webserver_VARS.fd"
      template = "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"
    } : null
  }

  devices = {
    # Every disk, the one to start from first.
    disks = [for n, disk in hyper2kvm_migration.webserver.machine.disks : {
      source = { file = { file = disk.path } }
      target = {
        dev = "${ { virtio = "vd", scsi = "sd", sata = "sd", ide = "hd" }[disk.bus]}${split("", "abcdefghijklmnopqrstuvwxyz")[n]}"
        bus = disk.bus
      }
      driver = { name = "qemu", type = disk.format }
      serial = disk.serial
      boot   = { order = n + 1 }
      # Only where the old machine's disk has sectors of another size than 512 bytes.
      block_io = disk.sector_size > 512 ? { logical_block_size = disk.sector_size, physical_block_size = disk.sector_size } : null
    }]
    # What the bus "scsi" means: the default is a controller that few kernels drive.
    # libvirt puts seven disks on each.
    controllers = hyper2kvm_migration.webserver.machine.disks[0].bus != "scsi" ? null : [
      for n in range(ceil(length(hyper2kvm_migration.webserver.machine.disks) / 7)) : { type = "scsi", index = n, model = "virtio-scsi" }
    ]
    # Each card has the old one's MAC address, which its name in the guest and the
    # leases of DHCP servers hang on. nic.network is what it was connected to.
    interfaces = [for nic in hyper2kvm_migration.webserver.machine.nics : {
      model  = { type = nic.model }
      mac    = nic.mac == null ? null : { address = nic.mac }
      source = { network = { network = "default" } }
    }]
    # A display, though nobody may look: GRUB hangs in a machine without one.
    # libvirt's choice of a card would be another. The provider wants all that libvirt
    # says of it.
    graphics = [{ vnc = { auto_port = true } }]
    videos   = [{ model = { type = hyper2kvm_migration.webserver.machine.video, vram = 16384, heads = 1, primary = "yes" } }]
    # For virsh console.
    serials  = [{ target = { port = 0 } }]
    consoles = [{ target = { type = "serial", port = 0 } }]
    # A TPM of its own (needs swtpm): the old one's keys do not come along.
    tpms     = hyper2kvm_migration.webserver.machine.tpm ? [{ model = "tpm-crb", backend = { emulator = { version = "2.0" } } }] : null
    rngs     = hyper2kvm_migration.webserver.machine.rng ? [{ model = "virtio", backend = { random = "/dev/urandom" } }] : null
    channels = hyper2kvm_migration.webserver.machine.guest_agent ? [{ source = { unix = {} }, target = { virt_io = { name = "org.qemu.guest_agent.0" } } }] : null
  }

  # Two minutes for the guest to shut down by itself.
  destroy = { graceful = true, shutdown = { timeout = 120 } }

  lifecycle {
    # A new image at the same path looks unchanged from here. Without this the
    # domain would go on with the old one, deleted under it.
    replace_triggered_by = [hyper2kvm_migration.webserver.report]
  }
}
