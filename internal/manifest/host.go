package manifest

import (
	"errors"
	"io/fs"
	"os"
)

// letRead is what to do about a source that this user may not read.
const letRead = "let the user who migrates read the file and enter the directories above it, or migrate as one who may"

// CheckHost checks what only the host that migrates can tell: the source is
// there and can be read, and no output is another name of it. It says nothing of
// fields that are not known yet. The error is Errors. Validate does not do this,
// so that a plan can be made elsewhere.
func (m *Manifest) CheckHost(unknown ...string) error {
	c := collector{unknown: unknown}
	source, err := os.Stat(m.SourcePath())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.add("source.path", "source path not found: %s", m.SourcePath())
	case errors.Is(err, fs.ErrPermission):
		c.add("source.path", "source path cannot be read: %v: %s", err, letRead)
	case err != nil:
		c.add("source.path", "source path cannot be used: %v", err)
	case source.IsDir():
		c.add("source.path", "%s is a directory: name the disk image in it", m.SourcePath())
	case !isDisk(source.Mode()):
		c.add("source.path", "%s is neither a file nor a block device", m.SourcePath())
	default:
		m.checkReadable(&c)
		m.checkNotSource(&c, source)
	}
	for n, key := range m.Source.LUKSKeys {
		key.checkHost(&c, element("source.luks_keys", n))
	}
	m.Pipeline.Fix.checkHost(&c)
	m.Output.checkOwner(&c)
	return c.errors.orNil()
}

// isDisk reports whether a file of that mode can hold a disk.
func isDisk(mode fs.FileMode) bool {
	blockDevice := mode&fs.ModeDevice != 0 && mode&fs.ModeCharDevice == 0
	return mode.IsRegular() || blockDevice
}

func (m *Manifest) checkReadable(c *collector) {
	file, err := os.Open(m.SourcePath())
	if errors.Is(err, fs.ErrPermission) {
		c.add("source.path", "source path cannot be read: %v: %s", err, letRead)
		return
	}
	if err != nil {
		c.add("source.path", "source path cannot be read: %v", err)
		return
	}
	_ = file.Close()
}

// checkNotSource finds outputs that are the source by a link.
func (m *Manifest) checkNotSource(c *collector, source fs.FileInfo) {
	c = c.given(outputsRestOn...)
	for _, output := range m.outputs() {
		existing, err := os.Stat(output.file)
		if err == nil && os.SameFile(existing, source) {
			c.add(output.path, "%s is the source itself under another name", output.file)
		}
	}
}
