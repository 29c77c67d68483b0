package provider

import (
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
)

// replacedFiles are what a migration that is planned replaces. Empty, it replaces
// nothing.
type replacedFiles struct {
	// here are those that are on this host, which made them.
	here []string
	// deletes says that they are deleted before the migration runs, unless
	// overwrites, together with create_before_destroy, lets them be exchanged.
	deletes, overwrites bool
}

// find looks for the files of the identity's run.
func (r *replacedFiles) find(identity artifact.Identity, paths ...string) {
	if !artifact.OnHost(identity.Here, identity.HostID) {
		return
	}
	for _, path := range paths {
		switch status := artifact.Check(path, identity); status.State {
		case artifact.StateOwned, artifact.StateChanged:
			if artifact.OnHost(identity.Here, status.Record.HostID) {
				r.here = append(r.here, path)
			}
		}
	}
}

// lost reports whether files that are here are gone before the migration runs.
func (r *replacedFiles) lost() bool { return r.deletes && len(r.here) > 0 }

// freed are the files whose space the migration may take.
func (r *replacedFiles) freed() []string {
	if !r.deletes {
		return nil
	}
	return r.here
}
