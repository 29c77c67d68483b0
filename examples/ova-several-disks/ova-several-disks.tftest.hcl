# terraform test: plans, and migrates nothing.

run "names_the_boot_disk" {
  command = plan

  assert {
    condition     = output.boot_disk == "/var/lib/libvirt/images/db01.qcow2"
    error_message = "The path of the boot disk is to be known at plan."
  }
}
