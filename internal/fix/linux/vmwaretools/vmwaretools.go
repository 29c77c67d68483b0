// Package vmwaretools takes VMware's guest tools off.
package vmwaretools

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Remove takes VMware's guest tools off: packages by the guest's
// own package manager, which needs no network for that, and what the tarball
// installer put in place. Whatever goes wrong is a warning: a guest with the
// tools still there runs on KVM.
func Remove(ctx context.Context, e *edit.Editor) error {
	found := false
	for _, remove := range []func(context.Context, *edit.Editor) (bool, error){
		removeToolsPackages, removeToolsTarball, removeToolsRepositories,
	} {
		had, err := remove(ctx, e)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			e.Warn(report.ConcernVMwareTools, "Could not remove VMware tools: "+err.Error(), "remove them in the guest after the migration")
		}
		found = found || had || err != nil
	}
	if !found {
		e.Warn(report.ConcernNoVMwareTools, "Could not remove VMware tools: package not found", "set pipeline.fix.remove_vmware_tools to false for this guest")
	}
	return nil
}

// toolsPackage tells the packages of VMware's tools, VMware's own and the
// distributions'.
var toolsPackage = regexp.MustCompile(`^(open-vm-tools(-.+)?|open-vm-dkms|vmware-tools(-.+)?|vmware-open-vm-tools(-.+)?|VMwareTools(-.+)?)$`)

// removeToolsPackages reports whether there were any.
func removeToolsPackages(ctx context.Context, e *edit.Editor) (bool, error) {
	text, ok, err := e.Read(dpkgStatus)
	if err != nil {
		return false, err
	}
	if ok {
		return removeDebianTools(ctx, e, parseDpkgStatus(text))
	}
	for _, manager := range []struct {
		database     string
		list, remove []string
	}{
		{"/var/lib/rpm", []string{"rpm", "-qa", "--qf", "%{NAME}\n"}, []string{"rpm", "-e"}},
		{"/usr/lib/sysimage/rpm", []string{"rpm", "-qa", "--qf", "%{NAME}\n"}, []string{"rpm", "-e"}},
		{"/var/lib/pacman/local", []string{"pacman", "-Qq"}, []string{"pacman", "-Rn", "--noconfirm"}},
		{"/lib/apk/db/installed", []string{"apk", "info"}, []string{"apk", "del", "--no-network"}},
	} {
		if !e.Exists(manager.database) {
			continue
		}
		installed, err := e.Query(nil, manager.list...)
		if err != nil {
			return false, err
		}
		names := slices.DeleteFunc(strings.Fields(installed), func(name string) bool { return !toolsPackage.MatchString(name) })
		if len(names) == 0 {
			return false, nil
		}
		slices.Sort(names)
		names = slices.Compact(names)
		err = e.Command(ctx, "remove the packages "+strings.Join(names, ", "), append(slices.Clone(manager.remove), names...)...)
		return true, err
	}
	return false, nil
}
