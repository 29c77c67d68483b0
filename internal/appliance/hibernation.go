package appliance

import (
	"errors"
	"fmt"
)

// ErrHibernated says that the guest's memory is on its disk: it goes on from
// there with what it remembers of its file systems, so they must not change.
var ErrHibernated = errors.New("the guest is hibernated")

// HibernatedIn is ErrHibernated with the swap area that holds the memory.
func HibernatedIn(area string) error {
	return fmt.Errorf("%w: its memory is kept in the swap area %s; start it once more, shut it down, and take its disk again", ErrHibernated, area)
}
