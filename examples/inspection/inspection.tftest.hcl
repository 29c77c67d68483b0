# terraform test: plans, and migrates nothing.

run "makes_no_image" {
  command = plan

  assert {
    condition     = hyper2kvm_migration.inspection.output_path == null
    error_message = "An inspection is to make no image."
  }

  assert {
    condition     = hyper2kvm_migration.inspection.report_path == "/tmp/inspection-output/inspection-report.json"
    error_message = "The path of the report is to be known at plan."
  }
}
