package inject

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// plan is the guest as it will be: what is there, under the edits staged so
// far. Sections read and edit it through its methods alone.
type plan struct {
	edit     *edit.Editor // reads the guest, and applies what is staged
	warnings []report.Warning
	staged   map[string]*change
	order    []string
}

func newPlan(e *edit.Editor) *plan { return &plan{edit: e, staged: map[string]*change{}} }

// kind is what a path will be.
type kind int

const (
	kindFile kind = iota
	kindDirectory
	kindLink
	kindGone
)

// change is what a path will be.
type change struct {
	kind    kind
	content string
	target  string // of a link
	// perm and owner count for a new file; with enforce also for an existing one.
	perm    fs.FileMode
	owner   owner
	enforce bool
	// meant is what the edit of a file that is there changes in it; nil where the
	// file is written whole.
	meant        edit.Meant
	descriptions []string
	// show turns the content into what a diff may show. Nil shows nothing.
	show func(string) string
}

type owner struct{ uid, gid int }

var root = owner{}

// warn adds a warning of a kind. The same one is told once.
func (p *plan) warn(id report.ConcernID, message, remedy string) {
	w := report.Warning{ID: id, Message: message, Remedy: remedy}
	if !slices.Contains(p.warnings, w) {
		p.warnings = append(p.warnings, w)
	}
}

// read returns a text file; ok is false where there is none.
func (p *plan) read(name string) (text string, ok bool, err error) {
	if e := p.staged[name]; e != nil {
		return e.content, e.kind == kindFile, nil
	}
	return p.edit.Read(name)
}

// mustRead is read for files that only give hints: one that cannot be read
// counts as empty.
func (p *plan) mustRead(name string) string {
	text, _, _ := p.read(name)
	return text
}

// exists follows symbolic links.
func (p *plan) exists(name string) bool {
	if e := p.staged[name]; e != nil {
		return e.kind != kindGone
	}
	_, err := p.edit.Stat(name)
	return err == nil
}

// isFile reports whether name is a regular file and no symbolic link.
func (p *plan) isFile(name string) bool {
	if e := p.staged[name]; e != nil {
		return e.kind == kindFile
	}
	info, err := p.edit.Lstat(name)
	return err == nil && info.Mode.IsRegular()
}

func (p *plan) isDirectory(name string) bool {
	if e := p.staged[name]; e != nil {
		return e.kind == kindDirectory
	}
	info, err := p.edit.Stat(name)
	return err == nil && info.Mode.IsDir()
}

// link returns a symbolic link's target; ok is false for anything else.
func (p *plan) link(name string) (target string, ok bool) {
	if e := p.staged[name]; e != nil {
		return e.target, e.kind == kindLink
	}
	info, err := p.edit.Lstat(name)
	if err != nil || info.Mode&fs.ModeSymlink == 0 {
		return "", false
	}
	target, err = p.edit.Readlink(name)
	return target, err == nil
}

// list returns the base names in a directory, sorted. A directory that is not
// there has none.
func (p *plan) list(directory string) []string {
	found, _ := p.edit.ReadDir(directory)
	names := map[string]bool{}
	for _, name := range found {
		names[name] = true
	}
	for name, e := range p.staged {
		below, ok := strings.CutPrefix(name, directory+"/")
		switch base, _, deeper := strings.Cut(below, "/"); {
		case !ok:
		case !deeper:
			names[base] = e.kind != kindGone
		case e.kind != kindGone: // directories on the way are made
			names[base] = true
		}
	}
	var list []string
	for name, there := range names {
		if there {
			list = append(list, name)
		}
	}
	sort.Strings(list)
	return list
}

// matching returns the full paths in directory whose base names match one of
// the path.Match patterns.
func (p *plan) matching(directory string, patterns ...string) []string {
	var paths []string
	for _, name := range p.list(directory) {
		for _, pattern := range patterns {
			if ok, _ := path.Match(pattern, name); ok {
				paths = append(paths, path.Join(directory, name))
				break
			}
		}
	}
	return paths
}

// stage makes e what name will be. What an earlier edit of name said that it
// does is kept.
func (p *plan) stage(name string, e change, description string) {
	if old := p.staged[name]; old != nil {
		e.descriptions = old.descriptions
	} else {
		p.order = append(p.order, name)
	}
	if description != "" {
		e.descriptions = append(slices.Clip(e.descriptions), description)
	}
	p.staged[name] = &e
}

// writeText stages a whole file that may be shown. An existing one keeps its mode
// and owner; a new one is root's.
func (p *plan) writeText(name, text, description string) {
	p.stage(name, change{kind: kindFile, content: text, perm: 0o644, show: showAll}, description)
}

// editText stages an edit of a file that may be shown, which changes what is meant.
func (p *plan) editText(name, text string, meant edit.Meant, description string) {
	p.stage(name, change{kind: kindFile, content: text, perm: 0o644, show: showAll, meant: meant}, description)
}

// writeHidden stages a file whose content nobody may see in a report, with
// its mode and owner.
func (p *plan) writeHidden(name, text string, perm fs.FileMode, by owner, description string) {
	p.stage(name, change{kind: kindFile, content: text, perm: perm, owner: by, enforce: true}, description)
}

func (p *plan) mkdir(name string, perm fs.FileMode, by owner, description string) {
	p.stage(name, change{kind: kindDirectory, perm: perm, owner: by, enforce: true}, description)
}

func (p *plan) symlink(target, name, description string) {
	p.stage(name, change{kind: kindLink, target: target}, description)
}

// remove stages the removal of a file or link.
func (p *plan) remove(name, description string) {
	p.stage(name, change{kind: kindGone, show: showAll}, description)
}

func showAll(text string) string { return text }

// quotedList is names for people: "a", "b".
func quotedList(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(quoted, ", ")
}
