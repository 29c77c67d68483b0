package pipeline_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

var update = flag.Bool("update", false, "record the runs in internal/report/testdata/runs anew")

// TestRecordedRuns holds the reports, events and ownership records that the
// types of the package report are tested with to what a run writes today.
func TestRecordedRuns(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		source func(*testing.T) string
		change func(*manifest.Manifest)
		fails  bool
		// cancelAt is the stage that is cancelled when it begins.
		cancelAt string
		events   bool // are recorded
		alive    bool // is the guest
	}{
		"conversion": {events: true, change: func(m *manifest.Manifest) { m.Metadata = &manifest.Metadata{Name: "web01"} }},
		"dry_run":    {change: func(m *manifest.Manifest) { m.Options.DryRun = true }},
		"vmx":        {source: richVMX, change: func(m *manifest.Manifest) { m.Source.Type = manifest.SourceVMX }},
		"cancelled":  {change: func(*manifest.Manifest) {}, fails: true, cancelAt: report.StageConvert},
		"boot":       {change: func(m *manifest.Manifest) { m.Pipeline.Validate.Boot.Enabled = true }, fails: true},
		"booted":     {change: func(m *manifest.Manifest) { m.Pipeline.Validate.Boot.Enabled = true }, alive: true},
		"failure": {fails: true, events: true, change: func(m *manifest.Manifest) {
			m.Source.Checksum = "sha256:" + strings.Repeat("0", 64)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.source == nil {
				test.source = smallVMDK
			}
			guest := pipeline.DeadGuest
			if test.alive {
				guest = pipeline.LiveGuest
			}
			m := conversion(test.source(t), t.TempDir())
			test.change(m)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var events []report.Event
			r, err := pipeline.RunWithGuest(ctx, m, pipeline.Options{Notify: func(e report.Event) {
				events = append(events, e)
				if e.Type == report.EventStageStarted && e.Stage == test.cancelAt {
					cancel()
				}
			}}, guest)
			if failed := err != nil; failed != test.fails {
				t.Fatalf("the run ended with %v", err)
			}
			compareWithRecord(t, name+"/report.json", m, r)
			if name == "failure" { // nothing in it is of the machine that it ran on
				requireRecord(t, name+"/report.json", m, r)
			}
			if test.events {
				compareWithRecord(t, name+"/events.json", m, lastOfEachType(events))
			}
			if len(r.Artifacts) == 0 {
				return
			}
			record, err := artifact.ReadRecord(m.OutputPath())
			if err != nil {
				t.Fatal(err)
			}
			compareWithRecord(t, name+"/origin.json", m, record.Origin)
		})
	}
}

// richVMX is the folder of a machine of VMware that has one of everything.
func richVMX(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "machine", "testdata", "esxi.vmx"))
	if err != nil {
		t.Fatal(err)
	}
	disk, err := os.ReadFile(smallVMDK(t))
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	path := filepath.Join(directory, "db01.vmx")
	files := map[string][]byte{path: text}
	for _, match := range regexp.MustCompile(`fileName = "([a-z0-9-]+\.vmdk)"`).FindAllSubmatch(text, -1) {
		files[filepath.Join(directory, string(match[1]))] = disk
	}
	for name, content := range files {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// lastOfEachType are events of which each type has one.
func lastOfEachType(events []report.Event) []report.Event {
	var last []report.Event
	for _, e := range slices.Backward(events) {
		if !slices.ContainsFunc(last, func(l report.Event) bool { return l.Type == e.Type }) {
			last = append(last, e)
		}
	}
	slices.Reverse(last)
	return last
}

// TestAccRecordedRun does the same for the migration of a machine with two
// disks, described as VMware's exporter describes it.
func TestAccRecordedRun(t *testing.T) {
	requireFullMatrix(t)
	recipe, err := testguest.Lookup(testguest.Flagship)
	if err != nil {
		t.Fatal(err)
	}
	ovf := makeOVF(t, packagedMachine{name: "web01", disks: []string{build(t, recipe), labelledDisk(t)}})
	describeFurther(t, ovf)
	m := migration(ovf, t.TempDir())
	m.Source.Type = manifest.SourceOVF
	m.Metadata = &manifest.Metadata{Name: "web01"}
	m.Output.Filename = ""
	m.Pipeline.Inspect.CollectGuestInfo = true
	m.Pipeline.Fix.PrintFstab = true
	m.Configuration = &manifest.Configuration{Hostname: &manifest.Hostname{Hostname: "web02"}}
	r, err := pipeline.Run(t.Context(), m, pipeline.Options{Acceleration: "auto"})
	if err != nil {
		t.Fatalf("the migration failed: %v\n%+v", err, r.Errors)
	}
	logStages(t, r)
	compareWithRecord(t, "migration/report.json", m, r)
}

// labelledDisk is a second disk: a file system with a label and no partition.
func labelledDisk(t *testing.T) string {
	t.Helper()
	directory := t.TempDir()
	raw, vmdk := filepath.Join(directory, "data.raw"), filepath.Join(directory, "data.vmdk")
	if err := os.WriteFile(raw, make([]byte, 16<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfs.ext4", "-q", "-L", "data", raw).CombinedOutput(); err != nil {
		t.Fatalf("mkfs.ext4: %v: %s", err, out)
	}
	qemuImg(t, "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized", raw, vmdk)
	numberDisk(t, vmdk)
	return vmdk
}

// numberDisk gives a VMDK the number by which VMware's guests know a disk, in the
// padding behind its descriptor.
func numberDisk(t *testing.T, vmdk string) {
	t.Helper()
	data, err := os.ReadFile(vmdk)
	if err != nil {
		t.Fatal(err)
	}
	begin := bytes.Index(data, []byte("# Disk DescriptorFile"))
	end := begin + bytes.IndexByte(data[max(begin, 0):], 0)
	if begin < 0 || end < begin {
		t.Fatalf("%s has no descriptor", vmdk)
	}
	copy(data[end:], "\nddb.uuid = \"60 00 C2 91 1b 1e 2f 33-44 55 66 77 88 99 00 aa\"\n")
	if err := os.WriteFile(vmdk, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestNumberedDisk holds the tests' own disk to what the source says of it.
func TestNumberedDisk(t *testing.T) {
	t.Parallel()
	disk := smallVMDK(t)
	numberDisk(t, disk)
	s, err := source.Open(t.Context(), source.Request{Type: source.TypeVMDK, Path: disk, WorkDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := s.Disks[0].Serial; got != "6000c2911b1e2f3344556677889900aa" {
		t.Errorf("its number is %q", got)
	}
}

// describeFurther adds to a descriptor what VMware's exporter tells beyond what
// most tests need.
func describeFurther(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	described := strings.NewReplacer(
		"<VirtualHardwareSection>", `<OperatingSystemSection ovf:id="96" vmw:osType="debian12_64Guest"><Info>Guest</Info></OperatingSystemSection><VirtualHardwareSection>`,
		"<rasd:ResourceType>10</rasd:ResourceType>", `<rasd:ResourceType>10</rasd:ResourceType><vmw:Config ovf:required="false" vmw:key="slotInfo.pciSlotNumber" vmw:value="192"/>`,
		"</VirtualHardwareSection>", `<vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="bios"/></VirtualHardwareSection>`,
	).Replace(string(text))
	if err := os.WriteFile(path, []byte(described), 0o600); err != nil {
		t.Fatal(err)
	}
	// It had the checksum of the shorter descriptor.
	if err := os.Remove(strings.TrimSuffix(path, ".ovf") + ".mf"); err != nil {
		t.Fatal(err)
	}
}

// compareWithRecord compares which members a value has with the recorded one,
// or records it.
func compareWithRecord(t *testing.T, name string, m *manifest.Manifest, value any) {
	t.Helper()
	path, written := recordOf(name), encoded(t, value)
	if *update {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(withoutPlace(written, m)), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	recorded, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(members(t, recorded), members(t, []byte(written))); diff != "" {
		t.Errorf("%s has other members than what is written now; run the test with -update (-recorded +written):\n%s", name, diff)
	}
}

// requireRecord compares a value with the recorded one, of which nothing may differ
// from run to run.
func requireRecord(t *testing.T, name string, m *manifest.Manifest, value any) {
	t.Helper()
	recorded, err := os.ReadFile(recordOf(name))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(recorded), withoutPlace(encoded(t, value), m)); diff != "" {
		t.Errorf("%s would be another if it were recorded now (-recorded +written):\n%s", name, diff)
	}
}

func recordOf(name string) string {
	return filepath.Join("..", "report", "testdata", "runs", filepath.FromSlash(name))
}

func encoded(t *testing.T, value any) string {
	t.Helper()
	var written bytes.Buffer
	encoder := json.NewEncoder(&written)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		t.Fatal(err)
	}
	return written.String()
}

// places are the values that differ from run to run.
var places = []struct {
	pattern     *regexp.Regexp
	replacement string
}{
	{regexp.MustCompile(`"(timestamp|time)": "[^"]*"`), `"$1": "2026-01-21T18:23:32.808096"`},
	{regexp.MustCompile(`"modified": "[^"]*"`), `"modified": "2026-01-20T09:15:00.123456789Z"`},
	{regexp.MustCompile(`"duration": [0-9.]+`), `"duration": 1.25`},
	{regexp.MustCompile(`"duration_seconds": [0-9.]+`), `"duration_seconds": 6.25`},
	// qemu-img numbers each VMDK that it makes.
	{regexp.MustCompile(`has the sha256 checksum [0-9a-f]{64}`), "has the sha256 checksum bed07eb2744326200ffa3592f42896fb3cdbb1aade52f9c3c7fb53ccc4efbb0b"},
}

// withoutPlace is a text without the time and the directories of its run.
func withoutPlace(text string, m *manifest.Manifest) string {
	text = strings.ReplaceAll(text, m.Output.Directory, "/data/output")
	text = strings.ReplaceAll(text, filepath.Dir(m.Source.Path), "/data/source")
	for _, place := range places {
		text = place.pattern.ReplaceAllString(text, place.replacement)
	}
	return text
}

// members are the members that occur in a text, such as "disks[].name". Which
// warnings there are depends on the host.
func members(t *testing.T, text []byte) []string {
	t.Helper()
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	addMembers(found, "", value)
	maps.DeleteFunc(found, func(member string, _ bool) bool { return strings.Contains(member, "warnings[]") })
	return slices.Sorted(maps.Keys(found))
}

func addMembers(found map[string]bool, at string, value any) {
	found[at] = true
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			addMembers(found, at+"."+name, member)
		}
	case []any:
		for _, element := range value {
			addMembers(found, at+"[]", element)
		}
	}
}
