package manifest

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Validate checks everything that can be known without the host. What is wrong
// comes as Errors, all of it at once. Decode has done this already; it is for
// manifests that were built otherwise.
func (m *Manifest) Validate() error { return m.check(nil).orNil() }

func (m *Manifest) check(unknown Unknown) Errors {
	c := collector{unknown: unknown}
	if m.Version != Version {
		c.add("version", "unsupported manifest version %q: this program reads version %q", m.Version, Version)
	}
	m.Metadata.check(&c)
	m.Source.check(&c)
	m.Output.check(&c)
	m.Pipeline.check(&c)
	m.Pipeline.Convert.check(&c, m.Output.Format)
	m.Configuration.check(&c, m.Pipeline.Fix)
	m.Options.check(&c)
	m.checkCollisions(&c)
	return c.errors
}

func (m *Metadata) check(c *collector) {
	if m == nil {
		return
	}
	if m.Created != "" && !isDate(m.Created) {
		c.add("metadata.created", "%q is not a date of the form 2026-01-21, or a time of the form 2026-01-21T18:23:32Z", m.Created)
	}
}

func isDate(text string) bool {
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04:05", time.RFC3339} {
		if _, err := time.Parse(layout, text); err == nil {
			return true
		}
	}
	return false
}

func (s Source) check(c *collector) {
	if !slices.Contains(SourceTypes, s.Type) {
		c.add("source.type", "unsupported source type %q: %s", s.Type, oneOf(string(s.Type), SourceTypes))
	}
	checkPath(c, "source.path", s.Path)
	if s.VM != "" && !s.Type.IsPackage() && slices.Contains(SourceTypes, s.Type) {
		c.given("source.type").add("source.vm", "has no effect on a source of type %s: only packages (ova, ovf) hold several virtual machines; leave it out", s.Type)
	}
	if hasControl(s.VM) {
		c.add("source.vm", "%q holds a control character", s.VM)
	}
	if s.Checksum != "" {
		checkChecksum(c, s.Checksum)
	}
	if s.MaxVirtualSize <= 0 {
		c.add("source.max_virtual_size", "%d is out of range: give a number of bytes, such as %d for 64 TiB", s.MaxVirtualSize, DefaultMaxVirtualSize)
	}
	for n, key := range s.LUKSKeys {
		key.check(c, element("source.luks_keys", n))
	}
	checkNICs(c, s.NICs)
	if s.Root != "" && !systemDevice.MatchString(s.Root) || hasControl(s.Root) {
		c.add("source.root", "%q is not a device as the guest names one: use a path such as \"/dev/sda2\", as the warning of several systems lists them, or \"UUID=...\"", s.Root)
	}
	for n, directory := range s.Directories {
		checkPath(c, element("source.directories", n), directory)
	}
}

// ChecksumAlgorithms lists what source.checksum may be computed with, and how
// many hexadecimal digits each has.
var ChecksumAlgorithms = map[string]int{"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128}

func checkChecksum(c *collector, checksum string) {
	const path = "source.checksum"
	algorithm, digits, ok := strings.Cut(checksum, ":")
	length, known := ChecksumAlgorithms[strings.ToLower(algorithm)]
	switch {
	case !ok || !known:
		c.add(path, "%q does not begin with its algorithm: write sha256: and 64 hexadecimal digits (md5, sha1 and sha512 are understood too)", checksum)
	case len(digits) != length || strings.Trim(strings.ToLower(digits), "0123456789abcdef") != "":
		c.add(path, "%q is no %s checksum: it has %d hexadecimal digits", checksum, strings.ToLower(algorithm), length)
	}
}

func (o Output) check(c *collector) {
	checkPath(c, "output.directory", o.Directory)
	if !slices.Contains(OutputFormats, o.Format) {
		c.add("output.format", "unsupported output format %q: %s", o.Format, oneOf(string(o.Format), OutputFormats))
	}
	if o.Filename != "" {
		o.checkFilename(c)
	}
	if o.Mode != "" && !outputMode.MatchString(o.Mode) {
		c.add("output.mode", "%q is no mode that lets the owner read and write: use octal digits such as \"0640\", without execution", o.Mode)
	}
	if o.Owner != "" && !outputOwner.MatchString(o.Owner) {
		c.add("output.owner", "%q is no owner: use \"user\", \"user:group\" or \":group\", by name or by number", o.Owner)
	}
}

// maxFilename leaves room, in the 255 bytes that file systems give a name, for
// the ones of temporary files and ownership records.
const maxFilename = 200

func (o Output) checkFilename(c *collector) {
	const path = "output.filename"
	name := o.Filename
	switch {
	case strings.ContainsAny(name, `/\`) || name == "." || name == "..":
		c.add(path, "%q is not a plain file name: the directory belongs in output.directory", name)
	case hasControl(name):
		c.add(path, "%q holds a control character", name)
	case strings.HasPrefix(name, "."):
		c.add(path, "%q begins with a dot and would be a hidden file", name)
	case len(name) > maxFilename:
		c.add(path, "is longer than %d bytes", maxFilename)
	default:
		if other := formatOf(name); other != "" && other != string(o.Format) && slices.Contains(OutputFormats, o.Format) {
			c.given("output.format").add(path, "%q has the extension of the format %s, but output.format is %s: change one of the two", name, other, o.Format)
		}
	}
}

// formatOf is the image format that a file name claims, or nothing where its
// extension (.img, say) leaves it open.
func formatOf(name string) string {
	switch extension := strings.ToLower(filepath.Ext(name)); extension {
	case ".qcow2", ".raw", ".vdi", ".vmdk", ".vhd", ".vhdx", ".ova", ".ovf":
		return extension[1:]
	default:
		return ""
	}
}

func (p Pipeline) check(c *collector) {
	if !slices.Contains(FstabModes, p.Fix.FstabMode) {
		c.add("pipeline.fix.fstab_mode", "unknown fstab mode %q: %s", p.Fix.FstabMode, oneOf(string(p.Fix.FstabMode), FstabModes))
	}
	p.Fix.checkInitramfs(c)
	if !slices.Contains(FsckModes, p.Fix.Fsck) {
		c.add("pipeline.fix.fsck", "unknown fsck mode %q: %s", p.Fix.Fsck, oneOf(string(p.Fix.Fsck), FsckModes))
	}
	p.Fix.checkDrivers(c)
	p.Validate.checkBoot(c)
	switch {
	case !p.Inspect.Enabled && !p.Fix.Enabled && !p.Convert.Enabled && !p.Validate.Enabled:
		c.add("pipeline", "no stage is enabled: enable at least one of inspect, fix, convert and validate")
	case p.Validate.Enabled && !p.Convert.Enabled && !p.Fix.Enabled:
		c.given("pipeline").add("pipeline.validate", "there would be no image to validate: enable convert (or fix), or switch validate off")
	}
}

func (v Validate) checkBoot(c *collector) {
	const path = "pipeline.validate.boot"
	boot := v.Boot
	for _, bounded := range []struct {
		name, unit       string
		value, low, high int
	}{
		{"timeout_seconds", " seconds", boot.TimeoutSeconds, MinBootTimeout, MaxBootTimeout},
		{"memory_mib", " MiB", boot.MemoryMiB, MinBootMemoryMiB, MaxBootMemoryMiB},
		{"cpus", "", boot.CPUs, 1, MaxBootCPUs},
	} {
		if bounded.value < bounded.low || bounded.value > bounded.high {
			c.add(path+"."+bounded.name, "%d is out of range: use %d to %d%s", bounded.value, bounded.low, bounded.high, bounded.unit)
		}
	}
	if !slices.Contains(BootFailures, boot.OnFailure) {
		c.add(path+".on_failure", "unknown answer to a failure %q: %s", boot.OnFailure, oneOf(string(boot.OnFailure), BootFailures))
	}
	if boot.Enabled && !v.Enabled {
		c.given("pipeline.validate.enabled").add(path+".enabled", "the guest cannot be booted while validate is off: switch that on, or this off")
	}
}

// checkInitramfs takes any mode but the default as one that was asked for.
func (f Fix) checkInitramfs(c *collector) {
	const path = "pipeline.fix.initramfs"
	switch {
	case !slices.Contains(InitramfsModes, f.Initramfs):
		c.add(path, "unknown initramfs mode %q: %s", f.Initramfs, oneOf(string(f.Initramfs), InitramfsModes))
	case f.Initramfs != InitramfsAuto && !f.RegenInitramfs:
		c.given("pipeline.fix.regen_initramfs").add(path, "%q contradicts regen_initramfs, which is false and leaves every initramfs as it is: set that to true, or leave one of the two out", f.Initramfs)
	}
}

func (o Options) check(c *collector) {
	if o.Verbose < 0 || o.Verbose > 2 {
		c.add("options.verbose", "%d is out of range: use 0 (quiet), 1 (normal) or 2 (verbose)", o.Verbose)
	}
	if o.Report.Enabled {
		o.Report.check(c.given("options.report.enabled"))
	}
}

func (r ReportOptions) check(c *collector) {
	const path = "options.report.path"
	switch {
	case r.Path == "":
		c.add(path, "must not be empty: leave it out for %s, or switch the report off", DefaultReportPath)
	case hasControl(r.Path):
		c.add(path, "%q holds a control character", r.Path)
	case strings.HasSuffix(r.Path, "/") || filepath.Base(r.Path) == "." || filepath.Base(r.Path) == "..":
		c.add(path, "%q names a directory: add the report's file name", r.Path)
	case !filepath.IsAbs(r.Path) && !filepath.IsLocal(r.Path):
		c.add(path, "%q leaves the output directory: use an absolute path for a report elsewhere", r.Path)
	}
}

// output is a file that a run writes, and the field that decides its place.
type output struct{ path, file string }

// outputs lists the files that a run of the manifest writes.
func (m *Manifest) outputs() []output {
	var files []output
	switch {
	case m.Options.DryRun:
	case m.Pipeline.Convert.Enabled:
		files = append(files, output{"output.filename", m.OutputPath()})
	case m.Pipeline.Fix.Enabled:
		files = append(files, output{"output.directory", m.FixedOverlayPath()})
	}
	if m.Options.Report.Enabled {
		files = append(files, output{"options.report.path", m.ReportPath()})
	}
	log, screenshot := m.BootPaths()
	for _, path := range []string{log, screenshot} {
		if path != "" {
			files = append(files, output{"pipeline.validate.boot", path})
		}
	}
	return files
}

// outputsRestOn are the fields that decide the places of the outputs, and
// whether there are any.
var outputsRestOn = []string{"source.path", "output", "pipeline", "options.dry_run", "options.report"}

// checkCollisions finds files that would be written over each other, or over
// the source.
func (m *Manifest) checkCollisions(c *collector) {
	c = c.given(outputsRestOn...)
	if m.Source.Path == "" || m.Output.Directory == "" || m.Options.Report.Enabled && m.Options.Report.Path == "" {
		return
	}
	taken := map[string]string{m.SourcePath(): "the source"}
	for _, output := range m.outputs() {
		if other, ok := taken[output.file]; ok {
			c.add(output.path, "%s is %s: choose another name or directory", output.file, other)
			continue
		}
		taken[output.file] = "the output image"
	}
}

func checkPath(c *collector, path, value string) {
	switch {
	case value == "":
		c.add(path, "must not be empty")
	case hasControl(value):
		c.add(path, "%q holds a control character", value)
	}
}

// hasControl reports whether text holds an ASCII control character, which no
// name that anybody wants has.
func hasControl(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// oneOf lists what may be used instead of value, with the nearest first said.
func oneOf[T ~string](value string, allowed []T) string {
	names := make([]string, len(allowed))
	for n, name := range allowed {
		names[n] = string(name)
	}
	use := "use one of " + strings.Join(names, ", ")
	if near := nearest(value, names); near != "" {
		return fmt.Sprintf("did you mean %q? (%s)", near, use)
	}
	return use
}
