package manifest

import (
	"fmt"
	"path/filepath"
	"strings"
)

// extensions are what images of each output format are called.
var extensions = map[OutputFormat]string{FormatQCOW2: ".qcow2", FormatRaw: ".raw", FormatVDI: ".vdi"}

// overlaySuffix ends the names of overlays that fix publishes.
const overlaySuffix = ".overlay.qcow2"

// SourcePath is source.path as an absolute path.
func (m *Manifest) SourcePath() string { return absolute(m.Source.Path) }

// MakeAbsolute counts the relative paths of the source, its keys, the drivers and the
// output directory from the working directory. Paths that are not given stay so, and
// options.report.path counts from the output directory wherever that is.
func (m *Manifest) MakeAbsolute() {
	if m.Source.Path != "" {
		m.Source.Path = m.SourcePath()
	}
	for n, key := range m.Source.LUKSKeys {
		m.Source.LUKSKeys[n].KeyFile = key.KeyFilePath()
	}
	for n, directory := range m.Source.Directories {
		m.Source.Directories[n] = absolute(directory)
	}
	m.Pipeline.Fix.VirtioWin = m.Pipeline.Fix.VirtioWinPath()
	if m.Output.Directory != "" {
		m.Output.Directory = m.OutputDirectory()
	}
}

// VirtioWinPath is virtio_win as an absolute path, or "" where there is none.
func (f Fix) VirtioWinPath() string {
	if f.VirtioWin == "" {
		return ""
	}
	return absolute(f.VirtioWin)
}

// OutputDirectory is output.directory as an absolute path.
func (m *Manifest) OutputDirectory() string { return absolute(m.Output.Directory) }

// OutputPath is the absolute path of the image that convert writes, that of the
// boot disk if the source has several: output.filename, or the source's name
// with the extension of the output format.
func (m *Manifest) OutputPath() string {
	name := m.Output.Filename
	if name == "" {
		name = m.stem() + extensions[m.Output.Format]
	}
	return filepath.Join(m.OutputDirectory(), name)
}

// OutputPaths is where convert writes the images of a source with that many
// disks, the boot disk first. The first is OutputPath; the others have -disk2, -disk3 and so on
// before the extension.
func (m *Manifest) OutputPaths(disks int) []string {
	return numbered(m.OutputPath(), filepath.Ext(m.OutputPath()), disks)
}

// FixedOverlayPath is the absolute path of the overlay that fix publishes where
// convert is off, that of the boot disk if the source has several.
func (m *Manifest) FixedOverlayPath() string {
	return filepath.Join(m.OutputDirectory(), m.stem()+overlaySuffix)
}

// FixedOverlayPaths is FixedOverlayPath for a source with that many disks,
// numbered as OutputPaths are.
func (m *Manifest) FixedOverlayPaths(disks int) []string {
	return numbered(m.FixedOverlayPath(), overlaySuffix, disks)
}

// ReportPath is the absolute path of the report. A relative options.report.path
// counts from the output directory.
func (m *Manifest) ReportPath() string {
	if filepath.IsAbs(m.Options.Report.Path) {
		return filepath.Clean(m.Options.Report.Path)
	}
	return filepath.Join(m.OutputDirectory(), m.Options.Report.Path)
}

// The endings of what a boot leaves beside the report.
const (
	bootLogSuffix    = ".boot.log"
	screenshotSuffix = ".boot.png"
)

// BootPaths are where the console and the screen of a boot are kept, beside the
// report and named after it, or after the image where there is no report. A path
// is empty where nothing is kept.
func (m *Manifest) BootPaths() (log, screenshot string) {
	validate := m.Pipeline.Validate
	if !validate.Enabled || !validate.Boot.Enabled || m.Options.DryRun {
		return "", ""
	}
	beside := m.FixedOverlayPath()
	switch {
	case m.Options.Report.Enabled:
		beside = m.ReportPath()
	case m.Pipeline.Convert.Enabled:
		beside = m.OutputPath()
	}
	stem := strings.TrimSuffix(beside, filepath.Ext(beside))
	if validate.Boot.Screenshot {
		screenshot = stem + screenshotSuffix
	}
	return stem + bootLogSuffix, screenshot
}

// stem is the source's file name without its extension.
func (m *Manifest) stem() string {
	base := filepath.Base(m.Source.Path)
	if stem := strings.TrimSuffix(base, filepath.Ext(base)); stem != "" {
		return stem
	}
	return base // a name such as ".vmdk"
}

func numbered(first, suffix string, disks int) []string {
	paths := make([]string, disks)
	for n := range paths {
		paths[n] = first
		if n > 0 {
			paths[n] = fmt.Sprintf("%s-disk%d%s", strings.TrimSuffix(first, suffix), n+1, suffix)
		}
	}
	return paths
}

// absolute counts a relative path from the working directory. Without one it
// stays as it is, and whoever opens it says why it does not work.
func absolute(path string) string {
	made, err := filepath.Abs(path)
	if err != nil {
		return filepath.Clean(path)
	}
	return made
}
