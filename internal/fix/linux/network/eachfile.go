package network

import "github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"

// eachFile gives each file that matches one of the patterns with its text, in their
// order.
func eachFile(e *edit.Reader, patterns []string, do func(name, text string)) error {
	for _, at := range patterns {
		err := e.EachFile(at, func(name, text string) error {
			do(name, text)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
