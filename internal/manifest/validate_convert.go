package manifest

import "slices"

// check looks at what convert can do for the format. A format that is not known
// is somebody else's error.
func (v Convert) check(c *collector, format OutputFormat) {
	known := slices.Contains(OutputFormats, format)
	if v.Compress && known && format != FormatQCOW2 {
		c.given("output.format").add("pipeline.convert.compress", "the format %s cannot be compressed: set output.format to qcow2, or compress to false", format)
	}
	v.checkLevel(c)
	v.checkType(c)
	if v.ClusterSize != nil {
		v.checkClusterSize(c, *v.ClusterSize, format, known)
	}
	v.checkPreallocation(c, format, known)
}

func (v Convert) checkLevel(c *collector) {
	const path = "pipeline.convert.compress_level"
	level := v.CompressLevel
	if level == nil {
		return
	}
	if *level < 1 || *level > 9 {
		c.add(path, "%d is out of range: use 1 (fastest) to 9 (smallest)", *level)
	}
	if !v.Compress {
		c.given("pipeline.convert.compress").add(path, "has no effect without compression: set compress to true, or leave it out")
	}
}

func (v Convert) checkType(c *collector) {
	const path = "pipeline.convert.compression_type"
	switch {
	case !slices.Contains(CompressionTypes, v.CompressionType):
		c.add(path, "unknown compression type %q: %s", v.CompressionType, oneOf(string(v.CompressionType), CompressionTypes))
	case v.CompressionType != CompressionZlib && !v.Compress:
		c.given("pipeline.convert.compress").add(path, "has no effect without compression: set compress to true, or leave it out")
	}
}

func (v Convert) checkClusterSize(c *collector, size int, format OutputFormat, known bool) {
	const path = "pipeline.convert.cluster_size"
	if known && format != FormatQCOW2 {
		c.given("output.format").add(path, "the format %s has no clusters whose size can be chosen: set output.format to qcow2, or leave it out", format)
	}
	if size < MinClusterSize || size > MaxClusterSize || size&(size-1) != 0 {
		c.add(path, "%d is no cluster size: use a power of two from %d to %d bytes", size, MinClusterSize, MaxClusterSize)
	}
}

func (v Convert) checkPreallocation(c *collector, format OutputFormat, known bool) {
	const path = "pipeline.convert.preallocation"
	every := Preallocations[FormatQCOW2]
	switch {
	case !slices.Contains(every, v.Preallocation):
		c.add(path, "unknown preallocation %q: %s", v.Preallocation, oneOf(string(v.Preallocation), every))
	case known && !slices.Contains(Preallocations[format], v.Preallocation):
		c.given("output.format").add(path, "the format %s cannot be preallocated with %q: %s", format, v.Preallocation, oneOf(string(v.Preallocation), Preallocations[format]))
	case v.Compress && v.Preallocation != PreallocationOff:
		c.given("pipeline.convert.compress").add(path, "nobody knows before how much room compressed data takes: set compress to false, or preallocation to off")
	}
}
