package edit

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// A kernel without SELinux writes files without labels, and a guest that
// enforces its policy keeps its services from reading those. setfiles needs no
// SELinux in the kernel: it labels the changed files alone, in a second.
// /.autorelabel makes the guest do all of it at its first boot, which takes
// minutes and a restart; it is for guests whose setfiles cannot be run.

const autorelabel = "/.autorelabel"

// labels are the paths that may lack a label.
type labels struct {
	paths    []string
	made     []string // directories that writing made on its way
	commands bool
}

func (l *labels) add(c report.Change) {
	if c.Action == report.ActionCommand {
		l.commands = true
		return
	}
	l.paths = append(l.paths, c.Path)
}

// labelError is why labels could not be set.
type labelError struct{ error }

func (e labelError) Unwrap() error { return e.error }

// Label gives what was changed since it was called last the labels of the
// guest's SELinux policy; where it cannot, the guest does at its first boot. A guest
// without SELinux is left alone.
func (e *Editor) Label(ctx context.Context) error {
	err := e.orAtBoot(e.LabelNow(ctx))
	e.unlabelled = labels{} // the guest labels what that wrote, too
	return err
}

// LabelNow is Label for what is to be labelled before the guest starts, or fails.
func (e *Editor) LabelNow(ctx context.Context) error {
	l := e.unlabelled
	if len(l.paths) == 0 && !l.commands {
		e.unlabelled = labels{}
		return nil
	}
	paths := slices.Concat(l.paths, l.made)
	if directory := e.BackupDirectory(); directory != "" {
		paths = append(paths, path.Dir(directory))
	}
	if l.commands {
		// Nobody knows what they wrote; here is where they do.
		paths = append(paths, "/etc", "/boot", "/var/lib/rpm", "/usr/lib/sysimage/rpm")
	}
	err := label(ctx, e, paths)
	e.unlabelled = labels{} // setting labels needs none itself
	return err
}

// orAtBoot has the guest set its labels where they could not be set now.
func (e *Editor) orAtBoot(err error) error {
	failure, unset := errors.AsType[labelError](err)
	if !unset {
		return err
	}
	e.Warn(report.ConcernSELinux, "SELinux labels could not be set: "+failure.Error()+"; the guest relabels itself at its first boot and restarts once",
		"let the first boot, which takes longer, come to its end")
	return e.Write(autorelabel, "\n", 0o644, "let the guest restore its SELinux labels at its first boot")
}

// label sets the labels of paths. That they could not be set is a labelError.
func label(ctx context.Context, e *Editor, paths []string) error {
	policy, err := selinuxPolicy(e.Reader)
	if err != nil || policy == "" {
		return err
	}
	paths = labelled(e.Reader, paths)
	if len(paths) == 0 {
		return nil
	}
	failure := setLabels(ctx, e, policy, paths)
	if failure == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	return labelError{failure}
}

// selinuxPolicy names the policy in use, or nothing if SELinux is off.
func selinuxPolicy(r *Reader) (string, error) {
	text, ok, err := r.Read("/etc/selinux/config")
	if err != nil || !ok {
		return "", err
	}
	values := conf.Assignments(text)
	switch strings.ToLower(values["SELINUX"]) {
	case "enforcing", "permissive":
		if policy := values["SELINUXTYPE"]; policy != "" {
			return policy, nil
		}
		return "targeted", nil
	}
	return "", nil
}

// labelled returns those of the paths that are there and can have a label.
func labelled(r *Reader, paths []string) []string {
	var kept []string
	for _, p := range paths {
		if _, err := r.Lstat(p); err == nil && !r.OnFAT(p) && !slices.Contains(kept, p) {
			kept = append(kept, p)
		}
	}
	slices.Sort(kept)
	return kept
}

// OnFAT reports whether a guest path lies on a FAT file system.
func (r *Reader) OnFAT(p string) bool {
	fat, longest := false, 0
	for _, m := range r.mounts {
		under := m.Path == "/" || p == m.Path || strings.HasPrefix(p, m.Path+"/")
		if under && len(m.Path) > longest {
			fat, longest = m.FSType == "vfat" || m.FSType == "msdos", len(m.Path)
		}
	}
	return fat
}

func setLabels(ctx context.Context, e *Editor, policy string, paths []string) error {
	contexts := path.Join("/etc/selinux", policy, "contexts/files/file_contexts")
	if !e.Exists(contexts) {
		return fmt.Errorf("the policy %s has no file contexts", policy)
	}
	tool := ""
	for _, candidate := range []string{"/usr/sbin/setfiles", "/sbin/setfiles"} {
		if tool == "" && e.Exists(candidate) {
			tool = candidate
		}
	}
	if tool == "" {
		return errors.New("the guest has no setfiles")
	}
	for part := range slices.Chunk(paths, 200) {
		argv := append([]string{tool, contexts}, part...)
		if err := e.Command(ctx, "restore the SELinux labels of changed files", argv...); err != nil {
			return err
		}
	}
	return nil
}
