package manifest

// The defaults that have no section of their own.
const (
	Version           = "1.0" // the only version
	DefaultFormat     = FormatQCOW2
	DefaultReportPath = "report.json"
	DefaultVerbose    = 1
	// DefaultMaxVirtualSize is 64 TiB, in bytes.
	DefaultMaxVirtualSize int64 = 64 << 40
)

// NewSource is a source of which nothing but type and path is given.
func NewSource(kind SourceType, path string) Source {
	var s Source
	s.setDefaults()
	s.Type, s.Path = kind, path
	return s
}

// DefaultPipeline is all stages switched on with their defaults. Each of its
// sections is that stage's default where only the stage is given.
func DefaultPipeline() Pipeline {
	var p Pipeline
	p.Inspect.setDefaults()
	p.Fix.setDefaults()
	p.Convert.setDefaults()
	p.Validate.setDefaults()
	return p
}

// DefaultOptions is the options of a manifest that has none.
func DefaultOptions() Options {
	var o Options
	o.setDefaults()
	return o
}

func (m *Manifest) setDefaults() {
	m.Source.setDefaults()
	m.Output.setDefaults()
	m.Pipeline = DefaultPipeline()
	m.Options.setDefaults()
}

func (*Manifest) required() []string { return []string{"version", "source", "output"} }

func (s *Source) setDefaults() {
	*s = Source{VerifyChecksums: true, MaxVirtualSize: DefaultMaxVirtualSize}
}

func (*Source) required() []string { return []string{"type", "path"} }

func (*NIC) required() []string { return []string{"mac"} }

func (o *Output) setDefaults() { o.Format = DefaultFormat }

func (*Output) required() []string { return []string{"directory"} }

// setDefaults leaves every stage off: inside a given pipeline a stage runs only
// if it is there.
func (p *Pipeline) setDefaults() {
	*p = DefaultPipeline()
	p.Inspect.Enabled = false
	p.Fix.Enabled = false
	p.Convert.Enabled = false
	p.Validate.Enabled = false
}

func (i *Inspect) setDefaults() { *i = Inspect{Enabled: true} }

func (f *Fix) setDefaults() {
	*f = Fix{
		Enabled: true, Backup: true, UpdateGrub: true, RegenInitramfs: true, Initramfs: InitramfsAuto,
		FstabMode: FstabStabilizeAll, Fsck: FsckFatal, BlockDriver: BlockViostor,
	}
}

func (c *Convert) setDefaults() {
	*c = Convert{Enabled: true, CompressionType: CompressionZlib, Preallocation: PreallocationOff}
}

func (v *Validate) setDefaults() {
	*v = Validate{Enabled: true, CheckImageIntegrity: true}
	v.Boot.setDefaults()
}

func (b *Boot) setDefaults() {
	*b = Boot{TimeoutSeconds: 600, MemoryMiB: 2048, CPUs: 2, OnFailure: BootFatal, Screenshot: true}
}

func (*User) required() []string { return []string{"name"} }

func (*Host) required() []string { return []string{"ip", "hostname"} }

func (*NetworkFile) required() []string { return []string{"filename", "content"} }

func (*Script) required() []string { return []string{"name", "content"} }

func (o *Options) setDefaults() {
	*o = Options{Verbose: DefaultVerbose}
	o.Report.setDefaults()
}

func (r *ReportOptions) setDefaults() { *r = ReportOptions{Enabled: true, Path: DefaultReportPath} }
