# terraform test: plans, and migrates nothing.

run "makes_no_image" {
  command = plan

  assert {
    condition     = hyper2kvm_migration.rehearsal.output_path == null
    error_message = "A dry run is to make no image."
  }

  assert {
    condition     = output.report_path == "/tmp/dry-run-output/report.json"
    error_message = "The path of the report is to be known at plan."
  }
}
