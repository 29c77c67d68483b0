terraform {
  required_providers {
    hyper2kvm = {
      source = "hyper2kvm/hyper2kvm"
    }
  }
}

# Decides by the concerns of a machine whether it may be migrated.

variable "concerns" {
  description = "The concerns of an inspection or of a migration."
  type        = list(object({ id = string, category = string, assessment = string }))
}

variable "accepted" {
  description = "Ids of critical concerns that somebody has looked at and accepts."
  type        = set(string)
  default     = []
}

locals {
  critical = [
    for concern in var.concerns : "${concern.id}: ${concern.assessment}"
    if concern.category == "critical" && !contains(var.accepted, concern.id)
  ]
}

check "no_critical_concern" {
  assert {
    condition     = length(local.critical) == 0
    error_message = join("\n", local.critical)
  }
}

output "critical" {
  description = "What is critical and not accepted."
  value       = local.critical
}
