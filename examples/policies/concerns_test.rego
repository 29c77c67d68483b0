# opa test examples/policies
package hyper2kvm_test

import data.hyper2kvm

suspended := {"id": "vmware.vm_suspended.detected", "category": "critical", "assessment": "the old machine is suspended"}

with_tpm := {"id": "vmware.tpm.detected", "category": "warning", "assessment": "the old machine has a TPM"}

plan := {
	"prior_state": {"values": {"root_module": {"child_modules": [{"resources": [{
		"address": "module.db.data.hyper2kvm_inspection.this",
		"type": "hyper2kvm_inspection",
		"values": {"concerns": [suspended, with_tpm]},
	}]}]}}},
	"resource_changes": [{
		"address": "hyper2kvm_migration.db",
		"type": "hyper2kvm_migration",
		"change": {"after": {"deletion_protection": false}},
	}],
}

test_critical_is_denied if {
	hyper2kvm.deny == {"module.db.data.hyper2kvm_inspection.this: vmware.vm_suspended.detected: the old machine is suspended"} with input as plan
}

test_accepted_is_not_denied if {
	count(hyper2kvm.deny) == 0 with input as plan
		with data.accepted as {"module.db.data.hyper2kvm_inspection.this": ["vmware.vm_suspended.detected"]}
}

test_accepted_elsewhere_is_denied if {
	count(hyper2kvm.deny) == 1 with input as plan
		with data.accepted as {"hyper2kvm_migration.other": ["vmware.vm_suspended.detected"]}
}

test_warning_is_told if {
	hyper2kvm.warn == {"module.db.data.hyper2kvm_inspection.this: vmware.tpm.detected: the old machine has a TPM"} with input as plan
}

test_unprotected_is_denied if {
	"hyper2kvm_migration.db: set deletion_protection" in hyper2kvm.deny with input as plan
		with data.protect as {"hyper2kvm_migration.db": true}
}

test_unknown_concerns_are_none if {
	count(hyper2kvm.deny) == 0 with input as {"planned_values": {"root_module": {"resources": [{
		"address": "hyper2kvm_migration.db",
		"type": "hyper2kvm_migration",
		"values": {"concerns": null},
	}]}}}
}
