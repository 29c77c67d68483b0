package inject

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// check reads every staged file as its own reader would. One that it would reject, or
// in which more would change than is meant, is an error: nothing is written then.
func (p *plan) check() error {
	var problems []error
	for _, name := range p.order {
		c := p.staged[name]
		if c.kind != kindFile {
			continue
		}
		before := ""
		if c.meant != nil {
			var err error
			if before, _, err = p.edit.Read(name); err != nil {
				return err
			}
		}
		if err := edit.Check(name, before, c.content, c.meant); err != nil {
			doing := strings.Join(c.descriptions, "; ")
			problems = append(problems, remedy.With(fmt.Errorf("%s in the guest would have to be edited (%s), and the edited file does not hold: %w", name, doing, err),
				"edit the file in the guest on its old machine, or leave that out of the configuration"))
		}
	}
	return errors.Join(problems...)
}

// meantAccounts: entries of the users and groups that the manifest names come, go and
// change, and other groups gain and lose those users.
func meantAccounts(named []string) edit.Meant {
	return func(was, is *conf.Entry) bool {
		switch {
		case was == nil:
			return slices.Contains(named, is.Key)
		case is == nil || was.Key != is.Key:
			return is == nil && slices.Contains(named, was.Key)
		case slices.Contains(named, was.Key):
			return true
		}
		before, after := was.Words(), is.Words()
		for len(before) < len(after) { // lines that end early
			before = append(before, "")
		}
		for i := range before {
			if i >= groupMembers || before[i] == after[i] {
				continue
			}
			return false
		}
		return len(before) == len(after) && len(before) == groupMembers+1 &&
			slices.Equal(without(splitMembers(before[groupMembers]), named), without(splitMembers(after[groupMembers]), named))
	}
}

// meantHosts: the names come and go, at any address, and all others stay in their
// order.
func meantHosts(names []string) edit.Meant {
	return func(was, is *conf.Entry) bool {
		switch {
		case was == nil:
			return len(without(is.Words(), names)) == 0
		case is == nil:
			return len(without(was.Words(), names)) == 0
		}
		return was.Key == is.Key && slices.Equal(without(was.Words(), names), without(is.Words(), names))
	}
}

// meantValue: the value of a key.
func meantValue(key string) edit.Meant {
	return func(was, is *conf.Entry) bool { return was != nil && is != nil && was.Key == key && is.Key == key }
}

// meantMore: entries come.
func meantMore(was, _ *conf.Entry) bool { return was == nil }

// without are the words that are none of the names, in any case.
func without(words, names []string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(word string) bool { return containsFold(names, word) })
}
