package report

// Problem is something that would fail a migration on this host, as far as can
// be told before it begins.
type Problem struct {
	// Attribute is the manifest's field, such as "source.path". It is empty
	// where the host lacks something.
	Attribute string `json:"attribute,omitempty"`
	Message   string `json:"message"`
	Remedy    string `json:"remedy,omitempty"`
	// Refused says that the source is refused for what it holds, which no other
	// host would change.
	Refused bool `json:"refused,omitempty"`
}
