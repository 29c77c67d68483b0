package manifest

// Question is what a preflight is asked: whether a manifest could be migrated.
type Question struct {
	*Manifest

	// Freed are files that will have been deleted when it is.
	Freed []string `json:"freed,omitempty"`
	// Unplaced says that it is not known yet where the outputs go, or what they may
	// replace.
	Unplaced bool `json:"unplaced,omitempty"`
}
