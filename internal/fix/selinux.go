package fix

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// A kernel without SELinux writes files without labels, and a guest that
// enforces its policy keeps its services from reading those. setfiles needs no
// SELinux in the kernel: it labels the changed files alone, in a second.
// /.autorelabel makes the guest do all of it at its first boot, which takes
// minutes and a restart; it is for guests whose setfiles cannot be run.

const autorelabel = "/.autorelabel"

// fixLabels labels what this run changed.
func fixLabels(ctx context.Context, r *run) error {
	if len(r.result.Changes) == 0 {
		return nil
	}
	var paths []string
	commands := false
	for _, c := range r.result.Changes {
		if c.Action == ActionCommand {
			commands = true
			continue
		}
		paths = append(paths, c.Path)
	}
	paths = append(paths, r.madeDirectories...)
	if r.backups.kept {
		paths = append(paths, path.Dir(backupDirectory))
	}
	if commands {
		// Nobody knows what they wrote; here is where they do.
		paths = append(paths, "/etc", "/boot", "/var/lib/rpm", "/usr/lib/sysimage/rpm")
	}
	return r.relabel(ctx, paths)
}

// Relabel gives files of the guest the labels of its SELinux policy. It is for
// files that were written without Run; a guest without SELinux is left alone.
func Relabel(ctx context.Context, t Target, paths []string) ([]Change, []Warning, error) {
	r := newRun(t, Options{})
	err := r.relabel(ctx, paths)
	return r.result.Changes, r.warnings, err
}

func (r *run) relabel(ctx context.Context, paths []string) error {
	policy, err := r.selinuxPolicy()
	if err != nil || policy == "" {
		return err
	}
	paths = r.labelled(paths)
	if len(paths) == 0 {
		return nil
	}
	failure := r.setLabels(ctx, policy, paths)
	if failure == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	r.warn("SELinux labels could not be set: "+failure.Error()+"; the guest relabels itself at its first boot and restarts once", "")
	return r.write(autorelabel, "\n", 0o644, "let the guest restore its SELinux labels at its first boot")
}

// selinuxPolicy names the policy in use, or nothing if SELinux is off.
func (r *run) selinuxPolicy() (string, error) {
	text, ok, err := r.read("/etc/selinux/config")
	if err != nil || !ok {
		return "", err
	}
	values := map[string]string{"SELINUXTYPE": "targeted"}
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			values[strings.TrimSpace(key)] = strings.Trim(strings.TrimSpace(value), `"'`)
		}
	}
	switch strings.ToLower(values["SELINUX"]) {
	case "enforcing", "permissive":
		return values["SELINUXTYPE"], nil
	}
	return "", nil
}

// labelled returns those of the paths that are there and can have a label.
func (r *run) labelled(paths []string) []string {
	var kept []string
	for _, p := range paths {
		if _, err := r.fs.Lstat(p); err == nil && !r.onFAT(p) && !slices.Contains(kept, p) {
			kept = append(kept, p)
		}
	}
	slices.Sort(kept)
	return kept
}

func (r *run) onFAT(p string) bool {
	fat, longest := false, 0
	for _, m := range r.target.Mounts {
		under := m.Path == "/" || p == m.Path || strings.HasPrefix(p, m.Path+"/")
		if under && len(m.Path) > longest {
			fat, longest = m.FSType == "vfat" || m.FSType == "msdos", len(m.Path)
		}
	}
	return fat
}

func (r *run) setLabels(ctx context.Context, policy string, paths []string) error {
	contexts := path.Join("/etc/selinux", policy, "contexts/files/file_contexts")
	if !r.exists(contexts) {
		return fmt.Errorf("the policy %s has no file contexts", policy)
	}
	tool := ""
	for _, candidate := range []string{"/usr/sbin/setfiles", "/sbin/setfiles"} {
		if tool == "" && r.exists(candidate) {
			tool = candidate
		}
	}
	if tool == "" {
		return errors.New("the guest has no setfiles")
	}
	for part := range slices.Chunk(paths, 200) {
		argv := append([]string{tool, contexts}, part...)
		if err := r.command(ctx, "restore the SELinux labels of changed files", argv...); err != nil {
			return err
		}
	}
	return nil
}
