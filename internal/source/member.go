package source

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// badMember is a member of an archive that is not what a member of a package
// is. It does no harm unless it is needed.
type badMember struct {
	// name is the member's, in the form of memberName where it has one.
	name string
	err  error
}

// isLitter says that a file is none of the package's own: what macOS and
// Windows add to folders and archives, and the headers that old archivers
// leave as files.
func isLitter(name string) bool {
	base := path.Base(name)
	if strings.HasPrefix(base, "._") || slices.Contains([]string{".ds_store", "thumbs.db", "desktop.ini"}, strings.ToLower(base)) {
		return true
	}
	for part := range strings.SplitSeq(path.Dir(name), "/") {
		if part == "__MACOSX" || strings.HasPrefix(part, "PaxHeader") || part == "@PaxHeader" {
			return true
		}
	}
	return false
}

// open finds a member that is needed.
func (p *ovfPackage) open(ctx context.Context, name string) (section, error) {
	for _, bad := range p.bad {
		if bad.name == name {
			return section{}, p.refuseMember(bad)
		}
	}
	return p.find(ctx, name)
}

// lacks is the error for a member that is needed and not there. One that
// cannot be used is the likely reason.
func (p *ovfPackage) lacks(name string, otherwise error) error {
	for _, bad := range p.bad {
		if path.Base(bad.name) == path.Base(name) {
			return p.refuseMember(bad)
		}
	}
	if len(p.bad) > 0 {
		return p.refuseMember(p.bad[0])
	}
	return otherwise
}

func (p *ovfPackage) refuseMember(bad badMember) error {
	return refuse(fmt.Sprintf("%s is no sound package: %v", p.name, bad.err),
		"export it again from where it came from; if you trust it, unpack it and use its descriptor with source.type ovf")
}

// warnOfMembers tells of members that nobody needed.
func (o *opening) warnOfMembers(p *ovfPackage) {
	if len(p.bad) == 0 {
		return
	}
	more := ""
	if len(p.bad) > 1 {
		more = fmt.Sprintf(", and %d more", len(p.bad)-1)
	}
	o.warn(report.ConcernMembers, "nothing is to be done where the package is trusted; otherwise export it again from where it came from",
		"%s holds what no package has; nothing needs it and it is left out: %v%s", p.name, p.bad[0].err, more)
}

// members collects the files of an archive by their names.
type members[T any] struct {
	files map[string]T
	names []string
	bad   []badMember
}

func newMembers[T any]() *members[T] { return &members[T]{files: map[string]T{}} }

func (m *members[T]) add(name string, file T) {
	m.files[name] = file
	if !isLitter(name) {
		m.names = append(m.names, name)
	}
}

func (m *members[T]) reject(name string, err error) {
	m.bad = append(m.bad, badMember{name, err})
}

// asPackage makes a package of the members, opened by open.
func (m *members[T]) asPackage(of string, open func(ctx context.Context, name string, file T) (section, error)) *ovfPackage {
	list := func() []string { return m.names }
	return &ovfPackage{name: of, names: m.names, list: list, bad: m.bad, find: func(ctx context.Context, name string) (section, error) {
		file, ok := m.files[name]
		if !ok {
			return section{}, fs.ErrNotExist
		}
		return open(ctx, name, file)
	}}
}
