package pipeline

import (
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/inject"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// prepareInjection checks the manifest's configuration against the guest, before
// fixes change it for minutes. It is nil where there is nothing to inject.
func (r *run) prepareInjection(target fix.Target) (*inject.Injection, error) {
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
	return inject.Prepare(r.ctx, target.Editor, target.OS, injectOptions(configuration))
}

// inject puts the configuration into the guest and enters what was done into
// the result of the fix stage.
func (r *run) inject(i *inject.Injection, e *edit.Editor, result *report.FixResult) error {
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
	result.Configuration = &injected
	result.Unchanged = result.Unchanged && len(injected.Changes) == 0
	result.BackupDirectory = e.BackupDirectory()
	err = e.Label(r.ctx)
	relabelled, labelWarnings := e.Take()
	for _, w := range labelWarnings {
		r.warn(w.Message, w.Remedy)
	}
	result.Changes = append(result.Changes, relabelled...)
	return err
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
