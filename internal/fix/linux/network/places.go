package network

import "github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"

// place is a directory of the guest, and the pattern of base names in it.
type place struct{ directory, pattern string }

// eachFile gives each file at the places with its text, in their order.
func eachFile(e *edit.Editor, places []place, do func(name, text string)) error {
	for _, at := range places {
		paths, err := e.List(at.directory, at.pattern)
		if err != nil {
			return err
		}
		for _, name := range paths {
			text, ok, err := e.Read(name)
			if err != nil {
				return err
			}
			if ok {
				do(name, text)
			}
		}
	}
	return nil
}
