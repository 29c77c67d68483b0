package inject

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// apply makes the staged changes in the order in which they were staged first
// and records those that changed something. What was there before is known from
// planning: each path is written once.
func (p *plan) apply(ctx context.Context) error {
	for _, name := range p.order {
		if err := ctx.Err(); err != nil {
			return err
		}
		c := p.staged[name]
		before, err := p.edit.Lstat(name)
		exists := err == nil
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("looking at %s in the guest: %w", name, err)
		}
		var done *report.Change
		switch c.kind {
		case kindGone:
			done, err = applyRemoval(p.edit, name, exists)
		case kindLink:
			done, err = applyLink(p.edit, name, c, exists)
		case kindDirectory:
			done, err = applyDirectory(p.edit, name, c, exists)
		case kindFile:
			done, err = applyFile(p.edit, name, c, exists && before.Mode&fs.ModeSymlink == 0)
		}
		if err != nil {
			return err
		}
		if done != nil {
			done.Path = name
			done.Description = strings.Join(c.descriptions, "; ")
			p.edit.Record(*done)
		}
	}
	return nil
}

func applyRemoval(e *edit.Editor, name string, exists bool) (*report.Change, error) {
	if !exists {
		return nil, nil
	}
	return &report.Change{Action: report.ActionRemoved}, e.Delete(name)
}

func applyLink(e *edit.Editor, name string, c *change, exists bool) (*report.Change, error) {
	if exists {
		if target, err := e.Readlink(name); err == nil && target == c.target {
			return nil, nil
		}
	}
	done := &report.Change{Action: edit.Written(exists), Diff: linkDiff(name, c.target)}
	return done, e.Symlink(c.target, name)
}

func linkDiff(name, target string) string { return name + " -> " + target + "\n" }

func applyDirectory(e *edit.Editor, name string, c *change, exists bool) (*report.Change, error) {
	if !exists {
		if err := e.MakeDirectory(name, c.perm); err != nil {
			return nil, err
		}
	}
	changed, err := enforce(e, name, c)
	if err != nil || exists && !changed {
		return nil, err
	}
	return &report.Change{Action: edit.Written(exists)}, nil
}

func applyFile(e *edit.Editor, name string, c *change, exists bool) (*report.Change, error) {
	old, err := e.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("reading %s in the guest: %w", name, err)
	default:
		exists = true
	}
	changed := !exists || string(old) != c.content
	if changed {
		if err := e.Put(name, []byte(c.content), c.perm); err != nil {
			return nil, err
		}
	}
	if c.enforce {
		enforced, err := enforce(e, name, c)
		if err != nil {
			return nil, err
		}
		changed = changed || enforced
	}
	if !changed {
		return nil, nil
	}
	done := &report.Change{Action: edit.Written(exists)}
	if c.show != nil {
		done.Diff = edit.Unified(name, c.show(string(old)), c.show(c.content))
	}
	return done, nil
}

// enforce gives a path the mode and owner of its change.
func enforce(e *edit.Editor, name string, c *change) (changed bool, err error) {
	return e.Enforce(name, c.perm, c.owner.uid, c.owner.gid)
}
