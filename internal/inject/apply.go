package inject

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// apply writes the staged edits in the order in which they were staged first
// and lists those that changed something. What was there before is known from
// planning: each path is written once.
func (p *plan) apply() ([]Change, error) {
	changes := []Change{}
	for _, name := range p.order {
		if err := p.ctx.Err(); err != nil {
			return changes, err
		}
		e := p.staged[name]
		before, err := p.fs.Lstat(name)
		exists := err == nil
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return changes, fmt.Errorf("looking at %s in the guest: %w", name, err)
		}
		var change *Change
		switch e.kind {
		case kindGone:
			change, err = p.applyRemoval(name, exists)
		case kindLink:
			change, err = p.applyLink(name, e, exists)
		case kindDirectory:
			change, err = p.applyDirectory(name, e, exists)
		case kindFile:
			change, err = p.applyFile(name, e, exists && before.Mode&fs.ModeSymlink == 0)
		}
		if err != nil {
			return changes, err
		}
		if change != nil {
			change.Path = name
			change.Description = strings.Join(e.descriptions, "; ")
			changes = append(changes, *change)
		}
	}
	return changes, nil
}

func (p *plan) applyRemoval(name string, exists bool) (*Change, error) {
	if !exists {
		return nil, nil
	}
	if err := p.guest.Remove(name); err != nil {
		return nil, fmt.Errorf("removing %s in the guest: %w", name, err)
	}
	return &Change{Action: ActionRemoved}, nil
}

func (p *plan) applyLink(name string, e *edit, exists bool) (*Change, error) {
	if exists {
		if target, err := p.fs.Readlink(name); err == nil && target == e.target {
			return nil, nil
		}
	}
	if err := p.makeParent(name); err != nil {
		return nil, err
	}
	if err := p.guest.Symlink(e.target, name); err != nil {
		return nil, fmt.Errorf("making the link %s in the guest: %w", name, err)
	}
	return &Change{Action: action(exists), Diff: linkDiff(name, e.target)}, nil
}

func linkDiff(name, target string) string { return name + " -> " + target + "\n" }

func (p *plan) applyDirectory(name string, e *edit, exists bool) (*Change, error) {
	if !exists {
		if err := p.makeParent(name); err != nil {
			return nil, err
		}
		if err := p.guest.MkdirAll(name, e.perm); err != nil {
			return nil, fmt.Errorf("making %s in the guest: %w", name, err)
		}
	}
	changed, err := p.enforce(name, e)
	if err != nil || (exists && !changed) {
		return nil, err
	}
	return &Change{Action: action(exists)}, nil
}

func (p *plan) applyFile(name string, e *edit, exists bool) (*Change, error) {
	old, err := p.fs.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("reading %s in the guest: %w", name, err)
	default:
		exists = true
	}
	if !exists || string(old) != e.content {
		if err := p.makeParent(name); err != nil {
			return nil, err
		}
		if err := p.guest.WriteFile(name, []byte(e.content), e.perm); err != nil {
			return nil, fmt.Errorf("writing %s in the guest: %w", name, err)
		}
	}
	changed := !exists || string(old) != e.content
	if e.enforce {
		enforced, err := p.enforce(name, e)
		if err != nil {
			return nil, err
		}
		changed = changed || enforced
	}
	if !changed {
		return nil, nil
	}
	change := &Change{Action: action(exists)}
	if e.show != nil {
		change.Diff = unifiedDiff(name, e.show(string(old)), e.show(e.content))
	}
	return change, nil
}

// makeParent makes the directory that name lies in, if it is not there.
func (p *plan) makeParent(name string) error {
	parent := path.Dir(name)
	if p.made[parent] {
		return nil
	}
	if info, err := p.fs.Stat(parent); err == nil && info.Mode.IsDir() {
		p.made[parent] = true
		return nil
	}
	for missing := parent; !p.made[missing] && missing != "/"; missing = path.Dir(missing) {
		if _, err := p.fs.Stat(missing); err == nil {
			break
		}
		p.made[missing] = true
		p.directories = append(p.directories, missing)
	}
	if err := p.guest.MkdirAll(parent, 0o755); err != nil {
		return fmt.Errorf("making %s in the guest: %w", parent, err)
	}
	return nil
}

// enforce gives a path the mode and owner of its edit.
func (p *plan) enforce(name string, e *edit) (changed bool, err error) {
	info, err := p.guest.Stat(name)
	if err != nil {
		return false, fmt.Errorf("looking at %s in the guest: %w", name, err)
	}
	if info.Mode.Perm() != e.perm {
		if err := p.guest.Chmod(name, e.perm); err != nil {
			return changed, fmt.Errorf("setting the mode of %s in the guest: %w", name, err)
		}
		changed = true
	}
	if info.UID != e.owner.uid || info.GID != e.owner.gid {
		if err := p.guest.Chown(name, e.owner.uid, e.owner.gid); err != nil {
			return changed, fmt.Errorf("setting the owner of %s in the guest: %w", name, err)
		}
		changed = true
	}
	return changed, nil
}

func action(existed bool) string {
	if existed {
		return ActionModified
	}
	return ActionCreated
}

func unifiedDiff(name, before, after string) string {
	return udiff.Unified("a"+name, "b"+name, before, after)
}
