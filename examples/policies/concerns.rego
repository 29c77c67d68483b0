# Denies a plan in which a machine has a critical concern that nobody has accepted.
# The input is a plan as JSON (terraform show -json).
package hyper2kvm

# Every machine that the plan knows, in whatever module it is. What a migration has
# found is known after its apply, what an inspection finds at plan.
machines contains machine if {
	walk(input, [_, machine])
	machine.type in {"hyper2kvm_inspection", "hyper2kvm_migration"}
	is_array(machine.values.concerns)
}

concerns contains object.union(concern, {"address": machine.address}) if {
	some machine in machines
	some concern in machine.values.concerns
}

# What somebody has looked at and accepts, from a file of data such as
# {"accepted": {"data.hyper2kvm_inspection.db": ["vmware.vm_suspended.detected"]}}.
accepted(concern) if concern.id in data.accepted[concern.address]

deny contains sprintf("%s: %s: %s", [concern.address, concern.id, concern.assessment]) if {
	some concern in concerns
	concern.category == "critical"
	not accepted(concern)
}

# What a person should look at, and what may go on all the same.
warn contains sprintf("%s: %s: %s", [concern.address, concern.id, concern.assessment]) if {
	some concern in concerns
	concern.category == "warning"
}

# An image that is in use is to be protected.
deny contains sprintf("%s: set deletion_protection", [change.address]) if {
	some change in input.resource_changes
	change.type == "hyper2kvm_migration"
	change.change.after.deletion_protection == false
	data.protect[change.address]
}
