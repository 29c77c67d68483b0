package report

// Problem is something that would fail a migration on this host, as far as can
// be told before it begins.
type Problem struct {
	// Attribute is the manifest's field, such as "source.path". It is empty
	// where the host lacks something.
	Attribute string `json:"attribute,omitempty"`
	Message   string `json:"message"`
	Remedy    string `json:"remedy,omitempty"`
	// Uncertain says that the migration may succeed all the same.
	Uncertain bool `json:"uncertain,omitempty"`
}
