# The manifest of a migration, for the command `hyper2kvm --manifest FILE`.
resource "local_sensitive_file" "manifest" {
  filename = "${path.module}/migration.json"
  content = provider::hyper2kvm::manifest_encode({
    source = { type = "vmdk", path = "/data/vms/web.vmdk" }
    output = { directory = "/var/lib/libvirt/images" }
  })
}
