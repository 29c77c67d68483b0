package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/machine"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/parttable"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// opened is a source that was opened, and where the run works.
type opened struct {
	report    report.LoadResult
	artifacts *artifact.Run
	source    *source.Source
	// tables are the partition tables of the source's disks, and sectorSizes the
	// sizes of their sectors, in bytes.
	tables      []parttable.Disk
	sectorSizes []int
	// givenNICs are the network cards that the manifest tells of.
	givenNICs []report.NIC
}

func (o opened) result() report.StageResult { return o.report }

// load checks the manifest against this host, so that whatever is wrong with the
// input is said before any work is done, and opens the source.
func load(ctx context.Context, j job) (opened, error) {
	if err := checkInput(ctx, j); err != nil {
		return opened{}, err
	}
	work := workDirectory(j.manifest, j.options)
	if err := sweep(j.say, work, j.manifest.OutputDirectory(), filepath.Dir(j.manifest.ReportPath())); err != nil {
		return opened{}, err
	}
	artifacts, err := artifact.NewRun(work, j.options.RunID)
	if err != nil {
		return opened{}, fmt.Errorf("making the work directory in %s: %w", work, err)
	}
	artifacts.HostID = j.options.HostID
	if err := j.out.reserve(artifacts); err != nil {
		return opened{}, err
	}
	j.out.openProgress(artifacts)

	request := sourceRequest(j.manifest, artifacts.Dir())
	request.Progress = func(percent float64) { j.say.progress(percent, "comparing the checksum of the source") }
	s, err := source.Open(ctx, request)
	if err != nil {
		return opened{}, fmt.Errorf("source.path: %w", err)
	}
	o, err := checkSource(ctx, j, artifacts, s)
	if err != nil {
		s.Close()
	}
	return o, err
}

// checkInput checks what can be checked before anything is made but the
// directories of the outputs.
func checkInput(ctx context.Context, j job) error {
	m := j.manifest
	if err := m.Validate(); err != nil {
		return err
	}
	if err := m.CheckHost(); err != nil {
		return err
	}
	err := j.out.check()
	if errors.Is(err, fs.ErrExist) {
		// What stands there may be of a run that was killed before it was done.
		if err := sweep(j.say, m.OutputDirectory()); err != nil {
			return err
		}
		err = j.out.check()
	}
	if err != nil {
		return err
	}
	if err := checkReport(m); err != nil {
		return err
	}
	if err := checkEvidence(m); err != nil {
		return err
	}
	if err := j.out.makeReportDirectory(); err != nil {
		return err
	}
	return checkTools(ctx, j)
}

// checkSource checks the source, which is open now, against the outputs.
func checkSource(ctx context.Context, j job, artifacts *artifact.Run, s *source.Source) (opened, error) {
	m := j.manifest
	j.out.readers.files = s.Files
	j.out.admitReaders()
	j.say.findAll(s.Warnings)
	if s.Machine != nil {
		findInMachine(j.say, s.Machine)
	}
	if err := j.out.reserveAll(artifacts, s); err != nil {
		return opened{}, err
	}
	if err := checkOverlayBacking(m, s.Disks); err != nil {
		return opened{}, err
	}
	o := opened{artifacts: artifacts, source: s, givenNICs: givenNICs(m)}
	var err error
	if o.tables, o.sectorSizes, err = readTables(ctx, j.say, s.Disks, artifacts.Dir()); err != nil {
		return opened{}, err
	}
	o.tellFirmware(j.say)
	if err := estimateSpace(ctx, j, s.Disks); err != nil {
		return opened{}, err
	}
	o.report = report.LoadResult{
		Version: m.Version, Source: m.SourcePath(), Stages: m.EnabledStages(),
		Disks: len(s.Disks), Machine: s.Machine, Files: sourceFiles(s.Files),
	}
	if m.Metadata != nil {
		o.report.Name = m.Metadata.Name
	}
	return o, nil
}

func sourceRequest(m *manifest.Manifest, work string) source.Request {
	return source.Request{
		Type:            string(m.Source.Type),
		Path:            m.SourcePath(),
		WorkDir:         work,
		VM:              m.Source.VM,
		Checksum:        m.Source.Checksum,
		IgnoreChecksums: !m.Source.VerifyChecksums,
		MaxVirtualSize:  m.Source.MaxVirtualSize,
		Directories:     m.Source.Directories,
	}
}

// workDirectory is where the run makes its own work directory.
func workDirectory(m *manifest.Manifest, o Options) string {
	if o.WorkDirectory != "" {
		return o.WorkDirectory
	}
	return m.OutputDirectory()
}

// checkOverlayBacking refuses to publish an overlay whose backing file would
// vanish with the work directory.
func checkOverlayBacking(m *manifest.Manifest, disks []source.Disk) error {
	if !m.Pipeline.Fix.Enabled || m.Pipeline.Convert.Enabled || m.Options.DryRun {
		return nil
	}
	for _, disk := range disks {
		if disk.Temporary {
			return remedy.With(
				fmt.Errorf("pipeline.convert: %s has to be unpacked first, so the fixed overlay alone would have nothing to stand on", disk.Name),
				"enable the convert stage")
		}
	}
	return nil
}

// describedFirmware is what a package tells, or nothing.
func (o opened) describedFirmware() string {
	if o.source.Machine == nil {
		return ""
	}
	return o.source.Machine.Firmware
}

// describedBootDisk is the index of the disk that the old machine's firmware was
// set to try first, or nothing.
func (o opened) describedBootDisk() []int {
	m := o.source.Machine
	if m == nil || len(m.BootDisks) == 0 || len(m.Disks) != len(o.source.Disks) {
		return nil
	}
	for _, place := range m.BootDisks { // some may be gone
		if n := slices.IndexFunc(m.Disks, func(disk report.MachineDisk) bool { return strings.EqualFold(disk.Place, place) }); n >= 0 {
			return []int{n}
		}
	}
	return nil
}

// describedNICs are the network cards that a descriptor or the manifest tells of.
func (o opened) describedNICs() []report.NIC {
	var described []report.NIC
	if o.source.Machine != nil {
		described = o.source.Machine.NICs
	}
	return machine.CorrectNICs(described, o.givenNICs)
}

// givenNICs are the network cards of the manifest.
func givenNICs(m *manifest.Manifest) []report.NIC {
	var given []report.NIC
	for _, nic := range m.Source.NICs {
		given = append(given, report.NIC{MAC: nic.MAC, GuestName: nic.Name, Addresses: nic.Addresses, Network: nic.Network})
	}
	return given
}

// sourceFiles are the files of the source as they were when they were opened.
func sourceFiles(files []source.File) []report.SourceFile {
	var described []report.SourceFile
	for _, file := range files {
		described = append(described, report.SourceFile{Path: file.Path, SizeBytes: file.Size, Modified: file.Modified.UTC()})
	}
	return described
}

// sweep removes what runs that died left in the directories this run uses.
func sweep(say *reporter, directories ...string) error {
	swept := map[string]bool{}
	for _, directory := range directories {
		if swept[directory] {
			continue
		}
		swept[directory] = true
		removed, err := artifact.Sweep(directory)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("removing what an earlier run left in %s: %w", directory, err)
		}
		for _, path := range removed {
			say.find(report.ConcernLeftFile, fmt.Sprintf("removed %s, left by an earlier run", path),
				"nothing is to be done; an earlier run into this directory was killed, and its report tells no end")
		}
	}
	return nil
}
