# terraform test: plans, and migrates nothing.

run "names_the_image_after_the_machine" {
  command = plan

  assert {
    condition     = output.boot_disk == "/var/lib/libvirt/images/web.qcow2"
    error_message = "The path of the boot disk is to be known at plan."
  }
}
