data "hyper2kvm_inspection" "web" {
  source = { type = "vmdk", path = "/data/vms/web.vmdk" }
}

output "operating_system" {
  # Null where nothing tells it, and a template takes no null.
  value = join(", ", compact([data.hyper2kvm_inspection.web.guest.product_name, data.hyper2kvm_inspection.web.firmware]))
}
