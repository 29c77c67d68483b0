package report

// Conversion is the result of convert.
type Conversion struct {
	Images []ConvertedImage `json:"images"`
	// Trimmed says whether deleted blocks were left out of the copy.
	Trimmed bool `json:"trimmed"`
}

// StageName implements StageResult.
func (Conversion) StageName() string { return StageConvert }

// ConvertedImage is one image as convert wrote it. Sizes are in bytes.
type ConvertedImage struct {
	Path string `json:"path"`
	// Source is the name of the disk that it was made from.
	Source      string `json:"source"`
	Format      string `json:"format"`
	VirtualSize int64  `json:"virtual_size"`
	SizeBytes   int64  `json:"size_bytes"`
	Compressed  bool   `json:"compressed"`
}
