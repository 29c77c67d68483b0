package manifest

// unsupported lists what the schema has and this version cannot do yet. A line
// goes when its feature comes.
var unsupported = []struct {
	path string
	used func(*Manifest) bool
}{
	{"pipeline.convert.compress_level", func(m *Manifest) bool { return m.Pipeline.Convert.Enabled && m.Pipeline.Convert.CompressLevel != nil }},
}

// Unsupported lists the fields in use that this version cannot honour. A
// migration with any of them must fail before it does anything: leaving out
// silently what somebody asked for is worse.
func (m *Manifest) Unsupported() Errors {
	var c collector
	for _, feature := range unsupported {
		if !feature.used(m) {
			continue
		}
		c.add(feature.path, "not supported by this version: leave it out")
	}
	return c.errors
}
