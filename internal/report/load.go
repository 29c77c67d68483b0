package report

// LoadResult is the result of load_manifest.
type LoadResult struct {
	Version string   `json:"version"` // of the manifest
	Name    string   `json:"name,omitempty"`
	Source  string   `json:"source"`
	Stages  []string `json:"stages"`
	Disks   int      `json:"disks"`
	// Machine is what a package's descriptor or a VMX file tells of the
	// virtual machine.
	Machine *Machine `json:"machine,omitempty"`
	// Files are what the source consists of.
	Files []SourceFile `json:"files"`
}

// StageName implements StageResult.
func (LoadResult) StageName() string { return StageLoadManifest }
