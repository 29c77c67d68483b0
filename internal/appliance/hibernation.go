package appliance

import (
	"errors"
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// ErrHibernated says that the guest's memory is on its disk: it goes on from
// there with what it remembers of its file systems, so they must not change.
var ErrHibernated = errors.New("the guest is hibernated")

// HibernatedIn is ErrHibernated with the swap area, or the file, that holds the
// memory.
func HibernatedIn(area string) error {
	if area == guest.HibernationFile {
		return remedy.With(fmt.Errorf("%w, or was shut down with Fast Startup: its memory is kept in %s", ErrHibernated, area),
			"start Windows once more, shut it down with \"shutdown /s /t 0\", and take its disk again; \"powercfg /h off\" keeps it from hibernating")
	}
	return fmt.Errorf("%w: its memory is kept in the swap area %s; start it once more, shut it down, and take its disk again", ErrHibernated, area)
}
