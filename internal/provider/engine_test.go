package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/provider"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pluginprocess"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/worker"
)

// What the fake engine does; metadata.owner of the manifest picks one.
const (
	fakeFails    = "fails"    // stage convert fails, and its report is all that remains
	fakeCrashes  = "crashes"  // no report
	fakeWaits    = "waits"    // for a cancel
	fakeLeaves   = "leaves"   // fails and yet leaves an image
	fakeVanishes = "vanishes" // does all of its work and dies before it can say so
	fakeEchoes   = "echoes"   // the image is the manifest that came in
	fakeTells    = "tells"    // the manifest goes to standard error, and no report
	fakeDoubles  = "doubles"  // makes the images of two disks
	fakeUnlocks  = "unlocks"  // crashes unless it gets luksKey for the first device
)

// luksKey is the key that fakeUnlocks expects.
const luksKey = "correct horse"

// locksVariable names the directory of the host's locks for a provider that
// Terraform has started.
const locksVariable = "HYPER2KVM_TEST_LOCKS"

// programVariable names the real program, whose preflight such a provider asks.
const programVariable = "HYPER2KVM_TEST_PROGRAM"

// cookieVariable is what Terraform starts a provider with.
const cookieVariable = "TF_PLUGIN_MAGIC_COOKIE"

// TestMain plays the engine when it is started as one: a process that takes
// the manifest, publishes files as the real engine does, and reports. Started
// by Terraform, it is the provider with that engine.
func TestMain(m *testing.M) {
	if slices.Contains(os.Args, "--cancel-on-stdin-close") {
		if err := fakeEngine(); err != nil {
			_, _ = io.WriteString(os.Stderr, err.Error()+"\n")
			os.Exit(1)
		}
		os.Exit(0)
	}
	if os.Getenv(cookieVariable) != "" {
		pluginprocess.ReduceOverhead()
		serve := func() provider.Provider {
			p := &hyper2kvmProvider{version: "test", lockDirectory: os.Getenv(locksVariable), preflightCheck: fakePreflight}
			if program := os.Getenv(programVariable); program != "" {
				p.preflightCheck = (&worker.Preflight{Executable: program}).Check
			}
			return p
		}
		release, err := pluginprocess.OwnSocketDirectory()
		if err != nil {
			panic(err)
		}
		pluginprocess.ExitWithTerraform(release)
		err = Serve(registryAddress, serve, false)
		release()
		if err != nil {
			_, _ = io.WriteString(os.Stderr, err.Error()+"\n")
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	removeProgram()
	os.Exit(code)
}

func fakeEngine() error {
	input := json.NewDecoder(os.Stdin)
	var m manifest.Manifest
	if err := input.Decode(&m); err != nil {
		return err
	}
	if err := m.Validate(); err != nil {
		return err
	}
	behaviour := ""
	if m.Metadata != nil {
		behaviour = m.Metadata.Owner
	}
	rep := report.New()
	rep.Pipeline.DryRun = m.Options.DryRun
	emit := json.NewEncoder(os.Stdout)
	notify := func(event report.Event) error {
		event.Time = report.Now()
		return emit.Encode(event)
	}
	if err := notify(report.Event{Type: report.EventStageStarted, Stage: report.StageLoadManifest}); err != nil {
		return err
	}
	inspected := report.Inspection{
		Guest:    report.Guest{Type: "linux", Firmware: "bios", DiskBus: "virtio", VirtualSize: 1 << 20},
		Firmware: "bios", Source: report.InspectedSource{VirtualSize: 1 << 20},
		Disks: []report.InspectedDisk{{
			Name: "disk.vmdk", Format: "vmdk", VirtualSize: 1 << 20, SizeBytes: 4, PartitionTable: "gpt",
			Partitions:  []report.Partition{{Number: 1, Start: 512, Size: 1024}},
			Filesystems: []report.Filesystem{{Kind: "partition", Partition: 1, Type: "ext4", UUID: "u", SizeBytes: 1024}},
		}},
	}
	if err := errors.Join(
		rep.StageSucceeded(0.25, report.LoadResult{Files: fakeSourceFiles(&m), Machine: fakeMachine(&m)}),
		rep.StageSucceeded(1.5, inspected),
	); err != nil {
		return err
	}
	rep.Warn(report.StageInspect, "KVM does not work here", "allow access to /dev/kvm")
	if imagePath(&m) == "" { // an inspection
		rep.AddConcern(report.StageInspect, report.ConcernKVM, "KVM does not work here", "allow access to /dev/kvm")
	}

	paths := []string{}
	if image := imagePath(&m); image != "" && behaviour != fakeFails {
		paths = append(paths, image)
	}
	switch behaviour {
	case fakeDoubles:
		paths = m.OutputPaths(2)
	case fakeUnlocks:
		if keys := m.Source.LUKSKeys; len(keys) == 0 || keys[0].Key != luksKey {
			return fmt.Errorf("these are the wrong keys: %v", keys)
		}
	case fakeCrashes:
		return errors.New("appliance: out of luck")
	case fakeTells:
		indented, err := json.MarshalIndent(&m, "", "  ")
		if err != nil {
			return err
		}
		return errors.Join(errors.New(string(indented)), errors.New(strings.Join(m.Secrets(), "\n")))
	case fakeWaits:
		_, _ = io.Copy(io.Discard, io.MultiReader(input.Buffered(), os.Stdin))
		rep.Pipeline.Cancelled = true
		rep.StageFailed(report.StageFix, 1, "cancelled")
		paths = nil
	case fakeFails, fakeLeaves:
		rep.StageFailed(report.StageConvert, 2, "no space left on device")
		rep.Fail(report.StageConvert, "no space left on device", "free 2 GiB in "+m.OutputDirectory())
	}
	if err := publish(&m, rep, paths); err != nil {
		return err
	}
	if behaviour == fakeVanishes {
		return errors.New("out of luck at the very end")
	}
	return notify(report.Event{Type: report.EventFinished, Report: rep})
}

func fakeSourceFiles(m *manifest.Manifest) []report.SourceFile {
	info, err := os.Stat(m.SourcePath())
	if err != nil {
		return nil
	}
	return []report.SourceFile{{Path: m.SourcePath(), SizeBytes: info.Size(), Modified: info.ModTime()}}
}

// fakeMachine is what a package tells.
func fakeMachine(m *manifest.Manifest) *report.Machine {
	if !m.Source.Type.IsPackage() {
		return nil
	}
	return &report.Machine{
		ID: "vm1", Name: "web01", VCPUs: 2, MemoryMiB: 1024, Firmware: "bios",
		NICs:        []report.NIC{{Name: "Network adapter 1", MAC: "00:50:56:9a:01:02", Network: "VM Network"}, {}},
		Controllers: []report.Controller{{Name: "SCSI Controller 0", Bus: "scsi", Model: "VirtualSCSI"}},
	}
}

// publish writes the images and the report and their ownership records.
func publish(m *manifest.Manifest, rep *report.Report, images []string) (err error) {
	made, err := artifact.Preflight(m.OutputDirectory(), images, m.Output.Overwrite)
	if err != nil {
		rep.StageFailed(report.StageLoadManifest, 0, err.Error())
		rep.Fail(report.StageLoadManifest, err.Error(), "")
		images = nil
	}
	run, err := artifact.NewRun(m.OutputDirectory(), os.Args[slices.Index(os.Args, "--run-id")+1])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, run.Close()) }()
	run.Directories = made
	if at := slices.Index(os.Args, "--host-id"); at >= 0 {
		run.HostID = os.Args[at+1]
	}
	bare, err := m.WithoutSecrets()
	if err != nil {
		return err
	}
	text, err := json.Marshal(bare)
	if err != nil {
		return err
	}
	origin := report.Origin{Manifest: text, Source: fakeSourceFiles(m)}
	for _, image := range images {
		origin.Artifacts = append(origin.Artifacts, report.Artifact{
			Type: report.ArtifactConvertedImage, Path: image, Format: string(m.Output.Format), SizeBytes: 5, SizeHuman: "5 B", VirtualSize: 1 << 20,
		})
	}
	for n, image := range images {
		temporary, err := run.Temporary(image)
		if err != nil {
			return err
		}
		content := []byte("image")
		if m.Metadata != nil && m.Metadata.Owner == fakeEchoes {
			if content, err = json.Marshal(m); err != nil {
				return err
			}
		}
		if err := os.WriteFile(temporary, content, 0o644); err != nil {
			return err
		}
		record, err := fakeRecord(origin)
		if err != nil {
			return err
		}
		if err := run.PublishAll([]artifact.Publication{{Temporary: temporary, Path: image, Record: record}}, m.Output.Overwrite); err != nil {
			return err
		}
		rep.AddArtifact(origin.Artifacts[n])
	}
	rep.Finish()
	if !m.Options.Report.Enabled {
		return nil
	}
	encoded, err := rep.Indented()
	if err != nil {
		return err
	}
	if err := artifact.Replace(m.ReportPath(), encoded, nil); err != nil {
		return err
	}
	record, err := fakeRecord(origin)
	if err != nil {
		return err
	}
	return run.Claim(m.ReportPath(), record)
}

func fakeRecord(origin report.Origin) (artifact.Record, error) {
	encoded, err := json.Marshal(origin)
	return artifact.Record{Origin: encoded}, err
}

// fakeProvider is a provider whose engine is this test binary.
func fakeProvider(t *testing.T) *hyper2kvmProvider {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &hyper2kvmProvider{version: "test", executable: executable, lockDirectory: t.TempDir(), preflightCheck: fakePreflight}
}

// fakePreflight foresees what the source's file holds. Of its texts, FREED are the
// files that will be gone, and PLACED says whether it is known where the outputs go.
func fakePreflight(_ context.Context, about manifest.Question) (report.Foreseen, error) {
	var foreseen report.Foreseen
	if text, err := os.ReadFile(about.Source.Path); err == nil && about.Source.Path != "" {
		text = bytes.ReplaceAll(text, []byte("FREED"), []byte(strings.Join(about.Freed, " ")))
		text = bytes.ReplaceAll(text, []byte("PLACED"), []byte(strconv.FormatBool(!about.Unplaced)))
		_ = json.Unmarshal(text, &foreseen) // others have nothing
	}
	return foreseen, nil
}

// sourceFile makes a file to migrate.
func sourceFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk.vmdk")
	if err := os.WriteFile(path, []byte("KDMV"), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
