package provider

import (
	"os"
	"path/filepath"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// pathRegistry remembers, during one Terraform operation, which migration is planned
// to write which file. A provider is not told the addresses of resources: an
// existing migration is known by the run that made it, and a new one is planned
// exactly once.
type pathRegistry struct {
	mutex sync.Mutex
	runs  map[string]string // run ids, empty for new migrations, by path
}

func newPathRegistry() *pathRegistry { return &pathRegistry{runs: map[string]string{}} }

// register reports whether no other migration is planned to write to the path.
func (r *pathRegistry) register(file, run string) bool {
	file = realPath(file)
	r.mutex.Lock()
	defer r.mutex.Unlock()
	other, taken := r.runs[file]
	if !taken {
		r.runs[file] = run
	}
	return !taken || run != "" && run == other
}

// registerPaths registers the files that a migration is planned to write, as far as
// they are known. run is the one that made the migration's present files; it is
// empty for a new migration.
func (e *engine) registerPaths(paths resultPaths, run string) (diags diag.Diagnostics) {
	for attribute, file := range map[string]types.String{"output": paths.output, "options": paths.report} {
		if file.IsNull() || file.IsUnknown() || e.registry.register(file.ValueString(), run) {
			continue
		}
		detail := "Another hyper2kvm_migration is planned to write " + file.ValueString() + ", too. Give each its own output.filename or output.directory."
		if attribute == "options" {
			detail = "Another hyper2kvm_migration is planned to write its report to " + file.ValueString() +
				", too. Give each its own output.directory, or its own report: options = { report = { path = \"NAME.json\" } }."
		}
		diags.AddAttributeError(path.Root(attribute), "Two migrations have the same output path", detail)
	}
	return diags
}

// realPath follows the symbolic links of what exists of a path.
func realPath(file string) string {
	rest := ""
	for existing := filepath.Clean(file); ; existing = filepath.Dir(existing) {
		if resolved, err := filepath.EvalSymlinks(existing); err == nil {
			return filepath.Join(resolved, rest)
		} else if !os.IsNotExist(err) || existing == filepath.Dir(existing) {
			return filepath.Clean(file)
		}
		rest = filepath.Join(filepath.Base(existing), rest)
	}
}
