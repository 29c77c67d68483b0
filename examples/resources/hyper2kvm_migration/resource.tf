resource "hyper2kvm_migration" "webserver" {
  metadata = {
    name = "simple-migration"
  }

  source = {
    type = "vmdk"
    path = "/data/source/disk.vmdk"
  }

  output = {
    directory = "/data/output"
  }
}

output "image" {
  value = hyper2kvm_migration.webserver.output_path # /data/output/disk.qcow2
}
