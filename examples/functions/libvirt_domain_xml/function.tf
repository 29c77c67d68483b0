# The definition of the migrated machine, for `virsh define`.
resource "local_file" "domain" {
  filename = "${path.module}/web.xml"
  content  = provider::hyper2kvm::libvirt_domain_xml(hyper2kvm_migration.web.machine)
}
