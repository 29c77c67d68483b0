package fix

import (
	"context"
	"regexp"
	"slices"
	"strings"
)

// removeVMwareTools takes VMware's guest tools off: packages by the guest's
// own package manager, which needs no network for that, and what the tarball
// installer put in place. Whatever goes wrong is a warning: a guest with the
// tools still there runs on KVM.
func removeVMwareTools(ctx context.Context, r *run) error {
	found := false
	for _, remove := range []func(context.Context, *run) (bool, error){
		removeToolsPackages, removeToolsTarball, removeToolsRepositories,
	} {
		had, err := remove(ctx, r)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			r.warn("Could not remove VMware tools: "+err.Error(), "remove them in the guest after the migration")
		}
		found = found || had || err != nil
	}
	if !found {
		r.warn("Could not remove VMware tools: package not found", "set pipeline.fix.remove_vmware_tools to false for this guest")
	}
	return nil
}

// toolsPackage tells the packages of VMware's tools, VMware's own and the
// distributions'.
var toolsPackage = regexp.MustCompile(`^(open-vm-tools(-.+)?|open-vm-dkms|vmware-tools(-.+)?|vmware-open-vm-tools(-.+)?|VMwareTools(-.+)?)$`)

// removeToolsPackages reports whether there were any.
func removeToolsPackages(ctx context.Context, r *run) (bool, error) {
	text, ok, err := r.read(dpkgStatus)
	if err != nil {
		return false, err
	}
	if ok {
		return removeDebianTools(ctx, r, parseDpkgStatus(text))
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
		if !r.exists(manager.database) {
			continue
		}
		if r.runner == nil {
			return false, errNoRunner
		}
		installed, err := r.runner.Run(manager.list...)
		if err != nil {
			return false, err
		}
		names := slices.DeleteFunc(strings.Fields(installed), func(name string) bool { return !toolsPackage.MatchString(name) })
		if len(names) == 0 {
			return false, nil
		}
		slices.Sort(names)
		names = slices.Compact(names)
		err = r.command(ctx, "remove the packages "+strings.Join(names, ", "), append(slices.Clone(manager.remove), names...)...)
		return true, err
	}
	return false, nil
}
