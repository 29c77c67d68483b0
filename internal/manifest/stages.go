package manifest

// EnabledStages names the stages that a run of the manifest has, in order. A
// dry run converts and validates nothing.
func (m *Manifest) EnabledStages() []string {
	stages := []string{"load_manifest"}
	p, writes := m.Pipeline, !m.Options.DryRun
	for _, stage := range []struct {
		name    string
		enabled bool
	}{
		{"inspect", p.Inspect.Enabled},
		{"fix", p.Fix.Enabled},
		{"convert", p.Convert.Enabled && writes},
		{"validate", p.Validate.Enabled && writes},
	} {
		if stage.enabled {
			stages = append(stages, stage.name)
		}
	}
	return stages
}
