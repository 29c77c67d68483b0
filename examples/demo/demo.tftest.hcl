# terraform test: plans, and migrates nothing.

variables {
  output_directory = "/data/output"
}

run "puts_the_image_where_it_is_wanted" {
  command = plan

  assert {
    condition     = output.image == "/data/output/demo.qcow2"
    error_message = "The path of the image is to be known at plan."
  }
}
