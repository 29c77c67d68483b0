package appliance

import (
	"errors"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// missing is an error that says what this host would need to run the appliance,
// and which package brings it or what else can be done.
func missing(what, todo string) error { return remedy.With(errors.New(what), todo) }
