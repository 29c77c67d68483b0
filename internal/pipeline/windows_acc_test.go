package pipeline_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/offline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry/registrytest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

const (
	systemHive = "/Windows/System32/config/SYSTEM"
	storeOnESP = "/EFI/Microsoft/Boot/BCD"
)

// edition is the Windows that a hive SOFTWARE tells of. Major is 0 before Windows 10.
type edition struct {
	product, kind, version, build string
	major                         uint32
}

// keys are the keys of its hive SOFTWARE.
func (e edition) keys() map[string][]registry.Value {
	text := func(name, text string) registry.Value { return registry.TextValue(name, registry.String, text) }
	values := []registry.Value{text("ProductName", e.product), text("InstallationType", e.kind), text("CurrentVersion", e.version), text("CurrentBuildNumber", e.build)}
	if e.major > 0 {
		values = append(values, registry.NumberValue("CurrentMajorVersionNumber", e.major), registry.NumberValue("CurrentMinorVersionNumber", 0))
	}
	return map[string][]registry.Value{`Microsoft\Windows NT\CurrentVersion`: values}
}

var (
	windows7Pro  = edition{"Windows 7 Professional", "Client", "6.1", "7600", 0}
	windows10Pro = edition{"Windows 10 Pro", "Client", "6.3", "16299", 10}
)

func realHive(t *testing.T, name string) []byte {
	t.Helper()
	return registrytest.Clean(registrytest.Load(t, "../registry/testdata", name))
}

// windows7 starts by a BIOS, windows10 by UEFI, without graphics and without a fallback
// loader.
func windows7(t *testing.T) testguest.Windows {
	t.Helper()
	return testguest.Windows{
		Name: "windows7-bios", Firmware: testguest.BIOS, System: realHive(t, "windows7-vmware-SYSTEM"),
		Software: registrytest.Build(windows7Pro.keys()),
	}
}

func windows10(t *testing.T) testguest.Windows {
	t.Helper()
	return testguest.Windows{
		Name: "windows10-uefi", Firmware: testguest.UEFI, System: realHive(t, "windows10-1709-vmware-SYSTEM"),
		Software: registrytest.Build(windows10Pro.keys()),
		ESP: map[string][]byte{
			"/EFI/Microsoft/Boot/bootmgfw.efi": []byte("MZ the boot manager"),
			storeOnESP: registrytest.Build(map[string][]registry.Value{
				`Objects\{9dea862c-5cdd-4e70-acc1-f32b344d4795}\Elements\23000003`: {registry.TextValue("Element", registry.String, "{entry}")},
				`Objects\{entry}\Elements\16000046`:                                {{Name: "Element", Type: registry.Binary, Data: []byte{1}}},
				`Objects\{entry}\Elements\12000004`:                                {registry.TextValue("Element", registry.String, "Windows 10")},
			}),
		},
	}
}

func buildWindows(t *testing.T, w testguest.Windows) string {
	t.Helper()
	disk, err := testguest.BuildWindows(t.Context(), w, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return disk
}

func windowsMigration(source, directory string) *manifest.Manifest {
	m := migration(source, directory)
	m.Source.Type = manifest.SourceRaw
	m.Output.Format, m.Output.Filename = manifest.FormatRaw, "guest.raw" // which can be a source again
	m.Pipeline.Inspect.CollectGuestInfo, m.Pipeline.Fix.RemoveVMwareTools = true, true
	return m
}

// lookInto lets look see what is in an image, without libguestfs.
func lookInto(t *testing.T, image, format string, look func(view *offline.View)) {
	t.Helper()
	server, err := offline.Serve(t.Context(), []qemuimg.Image{{Path: image, Format: format}}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}()
	view, err := offline.Look(t.Context(), []offline.Disk{{ReaderAt: server.Readers[0], Size: server.Sizes[0], SectorSize: 512}}, false)
	if err != nil || len(view.Systems) != 1 {
		t.Fatalf("systems are %+v, %v", view.Systems, err)
	}
	look(view)
}

// onESP is what an EFI system partition is mounted for, alone.
var onESP = guest.OS{Root: "/dev/sda1"}

// mountedFiles are the files of a system in an image.
func mountedFiles(t *testing.T, view *offline.View, system guest.OS) guest.FS {
	t.Helper()
	m, err := view.Mount(system)
	if err != nil {
		t.Fatal(err)
	}
	return m.FS
}

// filesOf are files of the system volume of an image, or of its EFI system partition.
func filesOf(t *testing.T, image, format string, names ...string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	lookInto(t, image, format, func(view *offline.View) {
		for _, name := range names {
			system := view.Systems[0]
			if strings.HasPrefix(name, "/EFI") {
				system = onESP
			}
			var err error
			if found[name], err = mountedFiles(t, view, system).ReadFile(name); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	return found
}

// exported are the values of some keys of a hive, as hivexregedit(1) reads them, by
// their keys and names.
func exported(t *testing.T, hive []byte, keys ...string) map[string]string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "hive")
	if err := os.WriteFile(file, hive, 0o600); err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for _, key := range keys {
		out, err := exec.CommandContext(t.Context(), "hivexregedit", "--export", file, `\`+key).CombinedOutput()
		if err != nil {
			values[key] = "no such key"
			continue
		}
		at := ""
		for line := range strings.Lines(string(out)) {
			line = strings.TrimSpace(line)
			if name, value, ok := strings.Cut(line, "="); ok && strings.HasPrefix(line, `"`) {
				values[at+`\`+strings.Trim(name, `"`)] = value
			} else if strings.HasPrefix(line, "[") {
				at = strings.Trim(line, `[]\`)
			}
		}
	}
	return values
}

func requireValues(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %q, want %q", name, got[name], value)
		}
	}
}

// TestAccWindows migrates what looks like a Windows 7 with a BIOS. Another reader than
// the one that checked it finds the changes in the image; a second run over that
// finds nothing to do.
func TestAccWindows(t *testing.T) {
	t.Parallel()
	requireAcceptance(t)
	source := buildWindows(t, windows7(t))
	before := digest(t, source)
	directory := t.TempDir()
	r, err := pipeline.Run(t.Context(), windowsMigration(source, directory), pipeline.Options{Acceleration: "auto"})
	if err != nil {
		t.Fatalf("the migration failed: %v\n%+v", err, r.Errors)
	}
	logStages(t, r)
	if digest(t, source) != before {
		t.Error("the source changed")
	}
	const services = `ControlSet001\services\`
	image := filepath.Join(directory, "guest.raw")
	undo := fix.WindowsBackups + "/SYSTEM.reg"
	files := filesOf(t, image, "raw", systemHive, undo)
	requireValues(t, exported(t, files[systemHive], services+"msahci", services+"VMTools", services+"VMUpgradeHelper", services+"VMMEMCTL", services+"vmmouse", `ControlSet001\Control\CrashControl`), map[string]string{
		services + `msahci\Start`: "dword:00000000", services + `VMTools\Start`: "dword:00000004", services + `VMUpgradeHelper\Start`: "dword:00000004",
		services + `VMMEMCTL\Start`: "dword:00000004", services + `vmmouse\Start`: "dword:00000003", `ControlSet001\Control\CrashControl\AutoReboot`: "dword:00000000",
	})
	if !bytes.Contains(files[undo], []byte("m\x00s\x00a\x00h\x00c\x00i\x00]\x00")) {
		t.Errorf("%s does not take the changes back", undo)
	}
	fixed := resultOf[report.FixResult](t, r)
	if len(fixed.Changes) != 1 || fixed.Changes[0].Path != systemHive || !strings.Contains(fixed.Changes[0].Diff, `-"Start"=REG_DWORD 0x3`) || fixed.Family != "windows" {
		t.Errorf("the fix stage says %+v", fixed)
	}
	if m := r.NewMachine; m == nil || m.Disks[0].Bus != "sata" || m.NICs[0].Model != "e1000e" || m.Clock != "localtime" || m.GuestAgent {
		t.Errorf("the machine is %+v", m)
	}
	var kinds []report.ConcernID
	for _, c := range r.Concerns {
		kinds = append(kinds, c.ID)
	}
	for _, kind := range []report.ConcernID{report.ConcernCardUnknown, report.ConcernVMwareTools} {
		if !slices.Contains(kinds, kind) {
			t.Errorf("there is no concern %s: %q", kind, kinds)
		}
	}

	second := windowsMigration(image, t.TempDir())
	r, err = pipeline.Run(t.Context(), second, pipeline.Options{Acceleration: "auto"})
	if err != nil {
		t.Fatalf("the second migration failed: %v\n%+v", err, r.Errors)
	}
	if fixed := resultOf[report.FixResult](t, r); !fixed.Unchanged {
		t.Errorf("a second run changes %+v", fixed.Changes)
	}
	again := filesOf(t, filepath.Join(second.Output.Directory, "guest.raw"), "raw", systemHive)
	if !bytes.Equal(again[systemHive], files[systemHive]) {
		t.Error("a second run wrote to the hive")
	}
}

// TestAccWindowsUEFI tells what would be done to what looks like a Windows 10, and does
// it.
func TestAccWindowsUEFI(t *testing.T) {
	t.Parallel()
	requireAcceptance(t)
	w := windows10(t)
	source := buildWindows(t, w)
	dry := windowsMigration(source, t.TempDir())
	dry.Options.DryRun = true
	told, err := pipeline.Run(t.Context(), dry, pipeline.Options{Acceleration: "auto"})
	if err != nil {
		t.Fatalf("the dry run failed: %v\n%+v", err, told.Errors)
	}
	directory := t.TempDir()
	r, err := pipeline.Run(t.Context(), windowsMigration(source, directory), pipeline.Options{Acceleration: "auto"})
	if err != nil {
		t.Fatalf("the migration failed: %v\n%+v", err, r.Errors)
	}
	logStages(t, r)
	fixed := resultOf[report.FixResult](t, r)
	if diff := cmp.Diff(resultOf[report.FixResult](t, told).Changes, fixed.Changes); diff != "" || len(fixed.Changes) != 3 {
		t.Errorf("the dry run told of other changes: %s\n%+v", diff, fixed.Changes)
	}
	const services = `ControlSet001\Services\`
	files := filesOf(t, filepath.Join(directory, "guest.raw"), "raw", systemHive, storeOnESP, "/EFI/Boot/bootx64.efi")
	requireValues(t, exported(t, files[systemHive], services+"storahci", services+"VMTools", services+"VGAuthService", services+"vmci"), map[string]string{
		services + `storahci\Start`: "dword:00000000", services + `VMTools\Start`: "dword:00000004", services + `VGAuthService\Start`: "dword:00000004",
		services + `vmci\Start`: "dword:00000000",
	})
	requireValues(t, exported(t, files[storeOnESP], `Objects\{entry}\Elements\16000046`, `Objects\{entry}\Elements\12000004`), map[string]string{
		`Objects\{entry}\Elements\16000046`: "no such key",
	})
	if !bytes.Equal(files["/EFI/Boot/bootx64.efi"], w.ESP["/EFI/Microsoft/Boot/bootmgfw.efi"]) {
		t.Errorf("the fallback loader is %q", files["/EFI/Boot/bootx64.efi"])
	}
	if m := r.NewMachine; m == nil || m.Firmware != "uefi" || m.Disks[0].Bus != "sata" {
		t.Errorf("the machine is %+v", m)
	}
}

// TestAccWindowsRefused: of a Windows that must not be changed a plan is told, and a run
// before anything is done, with what to do. Nothing is published, and nothing of the source changes.
func TestAccWindowsRefused(t *testing.T) {
	t.Parallel()
	requireAcceptance(t)
	w := windows7(t)
	built, err := os.ReadFile(buildWindows(t, w))
	if err != nil {
		t.Fatal(err)
	}
	for damage, want := range map[testguest.Damage]struct {
		what, toDo string
		kind       report.ConcernID
	}{
		testguest.Hibernated:  {"hiberfil.sys", "powercfg /h off", report.ConcernHibernated},
		testguest.DirtyHive:   {systemHive, "shutdown /s /t 0", report.ConcernRegistry},
		testguest.DirtyVolume: {"/dev/sda1", "chkdsk", report.ConcernFilesystem},
	} {
		t.Run(string(damage), func(t *testing.T) {
			disk := bytes.Clone(built)
			if err := damage.Spoil(disk, w); err != nil {
				t.Fatal(err)
			}
			source := filepath.Join(t.TempDir(), "disk.raw")
			if err := os.WriteFile(source, disk, 0o600); err != nil {
				t.Fatal(err)
			}
			before, directory := digest(t, source), t.TempDir()
			start := time.Now()
			planned := pipeline.Preflight(t.Context(), windowsMigration(source, directory), pipeline.Options{Acceleration: "auto"})
			// A host that is too busy leaves a plan no time to look.
			if time.Since(start) < 2*time.Second && !slices.ContainsFunc(planned.Problems, func(p report.Problem) bool {
				return strings.Contains(p.Message, want.what) && strings.Contains(p.Remedy, want.toDo) && !p.Uncertain
			}) {
				t.Errorf("a plan is told of %+v, not read was %s", planned.Problems, planned.Unread)
			}
			r, err := pipeline.Run(t.Context(), windowsMigration(source, directory), pipeline.Options{Acceleration: "auto"})
			var failure *pipeline.Error
			if !errors.As(err, &failure) || !strings.Contains(err.Error(), want.what) || !strings.Contains(remedy.Of(err), want.toDo) {
				t.Fatalf("error = %v (%s)", err, remedy.Of(err))
			}
			if digest(t, source) != before {
				t.Error("the source changed")
			}
			if left, err := filepath.Glob(filepath.Join(directory, "guest*")); err != nil || len(left) > 0 {
				t.Errorf("left are %q, %v", left, err)
			}
			if !slices.ContainsFunc(r.Concerns, func(c report.Concern) bool { return c.ID == want.kind }) {
				t.Errorf("%s is not among the concerns %+v", want.kind, r.Concerns)
			}
			for _, stage := range r.Pipeline.Stages {
				if stage.Name == report.StageFix {
					t.Errorf("the fix stage began: %+v", stage)
				}
			}
		})
	}
}
