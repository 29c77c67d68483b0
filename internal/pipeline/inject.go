package pipeline

import (
	"fmt"
	"path"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/inject"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// injection is a configuration that was found to fit the guest.
type injection struct {
	*inject.Injection
	backups *fix.BackupFS
}

// prepareInjection checks the manifest's configuration against the guest, before
// fixes change it for minutes. It is nil where there is nothing to inject.
func (r *run) prepareInjection(target fix.Target) (*injection, error) {
	configuration := r.manifest.Configuration
	if configuration.Empty() {
		return nil, nil
	}
	if kind := target.OS.Type; kind != "linux" {
		return nil, withRemedy(
			fmt.Errorf("configuration: can be injected into Linux guests only, and this one runs %s", kind),
			"leave configuration out; to convert the guest as it is, switch the fix stage off too")
	}
	r.progress(0, "checking the configuration")
	backups := fix.NewBackupFS(target.FS, r.manifest.Pipeline.Fix.Backup, target.Scratch)
	prepared, err := inject.Prepare(r.ctx, inject.Target{FS: backups, Runner: target.Runner, OS: target.OS}, injectOptions(configuration))
	if err != nil {
		return nil, err
	}
	return &injection{prepared, backups}, nil
}

// inject puts the configuration into the guest and enters what was done into
// the result of the fix stage.
func (r *run) inject(i *injection, target fix.Target, result *report.FixResult) error {
	if i == nil {
		return nil
	}
	r.progress(injecting, "injecting the configuration")
	injected, warnings, err := i.Run(r.ctx)
	for _, w := range warnings {
		r.warn(w.Message, w.Remedy)
	}
	if err != nil {
		return fmt.Errorf("injecting the configuration: %w", err)
	}
	result.Configuration = &report.Injection{Changes: reportedChanges(injected.Changes)}
	result.Unchanged = result.Unchanged && len(injected.Changes) == 0
	if directory := i.backups.Directory(); directory != "" {
		result.BackupDirectory = directory
	}
	if !injected.Relabel {
		return nil
	}
	relabelled, labelWarnings, err := fix.Relabel(r.ctx, target, pathsToLabel(injected, result.BackupDirectory))
	for _, w := range labelWarnings {
		r.warn(w.Message, w.Remedy)
	}
	result.Changes = append(result.Changes, reportedChanges(relabelled)...)
	return err
}

// pathsToLabel are the paths that need the labels of the guest's SELinux policy.
func pathsToLabel(injected inject.Result, backupDirectory string) []string {
	paths := injected.Directories
	for _, change := range injected.Changes {
		paths = append(paths, change.Path)
	}
	if backupDirectory != "" {
		paths = append(paths, path.Dir(backupDirectory))
	}
	return paths
}

// injectOptions is the configuration section as the package inject takes it.
func injectOptions(c *manifest.Configuration) inject.Options {
	o := inject.Options{ResetMachineID: c.MachineID == manifest.MachineIDReset}
	if u := c.Users; u != nil {
		o.Users = inject.Users{Disable: u.Disable, Delete: u.Delete}
		for _, user := range u.Create {
			o.Users.Create = append(o.Users.Create, inject.User(user))
		}
	}
	if s := c.Services; s != nil {
		o.Services = inject.Services(*s)
	}
	if h := c.Hostname; h != nil {
		o.Hostname = inject.Hostname{Hostname: h.Hostname, Domain: h.Domain}
		for _, host := range h.Hosts {
			o.Hostname.Hosts = append(o.Hostname.Hosts, inject.Host(host))
		}
	}
	if n := c.Network; n != nil {
		o.Network = inject.Network{
			SystemdNetworkd: injectFiles(n.SystemdNetworkd),
			Netplan:         injectFiles(n.Netplan),
			NetworkManager:  injectFiles(n.NetworkManager),
		}
	}
	for _, script := range c.FirstBoot {
		o.FirstBoot = append(o.FirstBoot, inject.Script(script))
	}
	return o
}

func injectFiles(files []manifest.NetworkFile) []inject.File {
	var converted []inject.File
	for _, file := range files {
		converted = append(converted, inject.File(file))
	}
	return converted
}
