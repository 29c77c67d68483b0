package pipeline

import (
	"context"
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/inject"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// injection is the manifest's configuration, checked against the guest.
type injection struct {
	wanted   bool // there is something to inject
	prepared *inject.Injection
}

// prepareInjection checks the manifest's configuration against the guest, before
// fixes change it for minutes.
func prepareInjection(ctx context.Context, j job, target fix.Target) (injection, error) {
	configuration := j.manifest.Configuration
	if configuration.Empty() {
		return injection{}, nil
	}
	if kind := target.OS.Type; kind != "linux" {
		return injection{}, remedy.With(
			fmt.Errorf("configuration: can be injected into Linux guests only, and this one runs %s", kind),
			"leave configuration out; to convert the guest as it is, switch the fix stage off too")
	}
	j.say.progress(0, "checking the configuration")
	prepared, err := inject.Prepare(ctx, target.Editor, target.OS, injectOptions(configuration))
	return injection{wanted: true, prepared: prepared}, err
}

// run puts the configuration into the guest and enters what was done into the
// result of the fix stage.
func (i injection) run(ctx context.Context, say *reporter, e *edit.Editor, result *report.FixResult) error {
	if !i.wanted {
		return nil
	}
	say.progress(injecting, "injecting the configuration")
	injected, warnings, err := i.prepared.Run(ctx)
	say.warnAll(warnings, report.ConcernConfiguration)
	if err != nil {
		return fmt.Errorf("injecting the configuration: %w", err)
	}
	result.Configuration = &injected
	result.Unchanged = result.Unchanged && len(injected.Changes) == 0
	result.BackupDirectory = e.BackupDirectory()
	err = e.Label(ctx)
	relabelled, labelWarnings := e.Take()
	say.warnAll(labelWarnings, report.ConcernSELinux)
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
