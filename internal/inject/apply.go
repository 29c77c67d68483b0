package inject

import (
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
func (p *plan) apply() error {
	for _, name := range p.order {
		if err := p.ctx.Err(); err != nil {
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
			done, err = p.applyRemoval(name, exists)
		case kindLink:
			done, err = p.applyLink(name, c, exists)
		case kindDirectory:
			done, err = p.applyDirectory(name, c, exists)
		case kindFile:
			done, err = p.applyFile(name, c, exists && before.Mode&fs.ModeSymlink == 0)
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

func (p *plan) applyRemoval(name string, exists bool) (*report.Change, error) {
	if !exists {
		return nil, nil
	}
	return &report.Change{Action: report.ActionRemoved}, p.edit.Delete(name)
}

func (p *plan) applyLink(name string, c *change, exists bool) (*report.Change, error) {
	if exists {
		if target, err := p.edit.Readlink(name); err == nil && target == c.target {
			return nil, nil
		}
	}
	done := &report.Change{Action: edit.Written(exists), Diff: linkDiff(name, c.target)}
	return done, p.edit.Symlink(c.target, name)
}

func linkDiff(name, target string) string { return name + " -> " + target + "\n" }

func (p *plan) applyDirectory(name string, c *change, exists bool) (*report.Change, error) {
	if !exists {
		if err := p.edit.MakeDirectory(name, c.perm); err != nil {
			return nil, err
		}
	}
	changed, err := p.enforce(name, c)
	if err != nil || exists && !changed {
		return nil, err
	}
	return &report.Change{Action: edit.Written(exists)}, nil
}

func (p *plan) applyFile(name string, c *change, exists bool) (*report.Change, error) {
	old, err := p.edit.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("reading %s in the guest: %w", name, err)
	default:
		exists = true
	}
	changed := !exists || string(old) != c.content
	if changed {
		if err := p.edit.Put(name, []byte(c.content), c.perm); err != nil {
			return nil, err
		}
	}
	if c.enforce {
		enforced, err := p.enforce(name, c)
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
func (p *plan) enforce(name string, c *change) (changed bool, err error) {
	return p.edit.Enforce(name, c.perm, c.owner.uid, c.owner.gid)
}
