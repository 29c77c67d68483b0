# The id is the path of the image, or of the report if the migration made no image.
terraform import hyper2kvm_migration.web /var/lib/libvirt/images/web.qcow2
