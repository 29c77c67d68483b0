package report

// Validation is the result of validate.
type Validation struct {
	Images []ValidatedImage `json:"images"`
	// Boot is absent where the guest was not booted.
	Boot *Boot `json:"boot,omitempty"`
}

// StageName implements StageResult.
func (Validation) StageName() string { return StageValidate }

// ValidatedImage is what was seen of one written image. VirtualSize is in bytes.
type ValidatedImage struct {
	Path        string `json:"path"`
	Format      string `json:"format"`
	VirtualSize int64  `json:"virtual_size"`
	// Integrity is "ok", "leaks" where space is wasted, which harms nothing, or
	// "unsupported" for formats without metadata to check. It is absent where the
	// check was switched off.
	Integrity string `json:"integrity,omitempty"`
}
