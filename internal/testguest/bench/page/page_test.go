package page

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/watch"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/effort"
)

var machine = results.Machine{
	CPU: "Some CPU", Cores: 2, MemoryBytes: 24 << 30, Kernel: "6.1.0", System: "Debian 12", Acceleration: "tcg",
	Versions: map[string]string{"QEMU": "7.2.22"}, EngineDigest: "aa", Commit: "abcdef123456",
}

// everything are sections as two rounds make them.
func everything(t *testing.T) results.Store {
	t.Helper()
	store := results.Store{Dir: t.TempDir()}
	sections := map[string]*results.Section{}
	for _, name := range results.Sections {
		sections[name] = &results.Section{Name: name, Machine: machine, Rounds: 2, Minutes: 1.5}
	}
	add := func(section, name, way string, round int, seconds float64, more func(*results.Sample)) {
		s := results.Sample{
			Key: results.Key{Case: name, Way: way, Round: round}, Seconds: seconds, Bytes: 600 << 20,
			Stages: map[string]float64{"load_manifest": 0.01, "inspect": 15, "fix": 2, "convert": seconds / 10, "validate": 0.1},
			Watched: watch.Record{Alone: 0.2, Beside: 0.3, Processes: []watch.Process{
				{Kind: engine, End: seconds, CPU: 0.4, PeakBytes: 50e6}, {Kind: watch.Appliance, Start: 1, End: 20, CPU: 18, PeakBytes: 500e6},
			}},
		}
		if more != nil {
			more(&s)
		}
		sections[section].Samples = append(sections[section].Samples, s)
	}
	for round := 1; round <= 2; round++ {
		jitter := float64(round)
		add(results.Compare, flagship, results.Ours, round, 20+jitter, nil)
		add(results.Compare, flagship, results.VirtV2V, round, 200+10*jitter, nil)
		add(results.Compare, flagship, results.QEMUImg, round, 2+jitter, nil)
		for _, guest := range []string{flagship, withoutVirtio} {
			add(results.Stages, guest, results.Ours, round, 20+jitter, func(s *results.Sample) {
				s.Steps = []results.Step{{Stage: "inspect", Name: results.Launch, Seconds: 9}, {Stage: "inspect", Seconds: 1}, {Stage: "fix", Seconds: 2}}
			})
		}
		for way, seconds := range map[string]float64{results.Ours: 14, results.Guestfish: 10, results.FirstTry: 16.5, results.NextTry: 14.1} {
			add(results.Launches, flagship, way, round, seconds, func(s *results.Sample) {
				s.Steps = []results.Step{{Stage: "inspect", Name: results.Launch, Seconds: 9}}
			})
		}
		add(results.Inspection, flagship, results.Ours, round, 0.5, nil)
		for n, way := range []string{results.Usual, results.NoFsck, results.Smaller, results.BootsToo} {
			add(results.Options, flagship, way, round, 20*float64(n+1), nil)
		}
		add(results.Convert, flagship, results.Ours, round, 20, nil) // the stage: 2 s
		add(results.Convert, flagship, results.QEMUImg, round, 1.6, nil)
		for _, kind := range []string{"zlib", "zstd"} {
			add(results.Compress, kind, results.Ours, round, 5+jitter, nil)
			add(results.Compress, kind, results.QEMUImg, round, 9+jitter, nil)
		}
		for n, disk := range []string{"3 GiB, 0.6 GiB live", "12 GiB, 0.6 GiB live", "12 GiB, 3.0 GiB live"} {
			for _, way := range []string{results.Ours, results.QEMUImg} {
				add(results.Scaling, disk, way, round, 20+5*float64(n), func(s *results.Sample) {
					s.VirtualBytes, s.LiveBytes, s.Bytes = []int64{3 << 30, 12 << 30, 12 << 30}[n], []int64{600 << 20, 600 << 20, 3 << 30}[n], int64(n+1)<<30
				})
			}
		}
		for _, count := range []int{1, 2, 4} {
			add(results.Parallel, fmt.Sprint(count), results.Ours, round, 20*float64(count), func(s *results.Sample) { s.Each = make([]float64, count) })
		}
	}
	for _, guest := range []string{flagship, withoutVirtio} {
		add(results.Effort, guest, results.Ours, 1, 0, func(s *results.Sample) {
			s.Effort = &effort.Effort{
				Programs: map[string]int{"qemu-img": 9, "rm": 2}, Read: 500 << 20, Written: 450 << 20,
				Calls: effort.Calls{"inspect": {"pread": 20, "lstatns": 60}, "fix": {"pwrite": 7}},
			}
		})
	}
	for level := 1; level <= levels; level++ {
		for _, kind := range []string{"zlib", "zstd"} {
			add(results.Compress, kind, results.LevelWay(level), 1, float64(level), func(s *results.Sample) { s.Bytes -= int64(level) << 20 })
		}
	}
	for _, section := range sections {
		if err := store.Save(section); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

func TestThePageTellsWhatWasMeasured(t *testing.T) {
	folder := t.TempDir()
	history := results.History{Path: filepath.Join(folder, "history.json")}
	if _, err := history.Add(results.Entry{Date: "2025-01-01", Commit: "older", EngineDigest: "bb", CPU: "Some CPU", Cores: 2, Acceleration: "kvm", Whole: 99}); err != nil {
		t.Fatal(err)
	}
	store := everything(t)
	for range 2 { // the second time tells of the same build
		if err := Write(store, history, folder); err != nil {
			t.Fatal(err)
		}
	}
	page := read(t, folder, fileName)
	for _, want := range []string{
		"- Some CPU, 2 processors, 24.0 GiB of memory\n- Debian 12, Linux 6.1.0; KVM does not work",
		"| virt-v2v | 215 (210–220) | 10.0 (10.0–10.0) × | 600 MiB |",
		"| a whole migration, beside virt-v2v's time | 0.07 × | 0.10 × | **no**, 49 % over |",
		"| `inspect` without the launch | 2.00 s | 6.00 s | **no**, 200 % over |",
		"| an inspection alone, without an appliance | 1.00 s | 0.50 s | yes |",
		"| four migrations at once, beside two | 2.10 × | 2.00 × | yes |",
		"| calls of libguestfs in `inspect` | 80 | 80 |",
		"| programs started | 11 | 11 |",
		"| read | 500 MiB | 500 MiB |",
		"`inspect` lstatns 60, pread 20.",
		"| with a boot | 80.0 (80.0–80.0) | 4.00 (4.00–4.00) × |",
		", abcdef123456 | Some CPU, 2 processors, TCG | 21.5 | 0.10 × | 9.00 | 6.00 | 2.00 | 2.15 | 0.50 | 2.00 × | 50 MB | 87 | 11 |\n| 2025-01-01, older | Some CPU, 2 processors, KVM | 99.0 | – | – |",
		"| the launch, beside `guestfish run` on an empty disk | 0.85 × | 0.90 × | **no**, 6 % over |",
		"| a KVM that does not work, the first time | 3.00 s | 2.50 s | yes |",
		"| a KVM that does not work, later | 0.30 s | 0.10 s | yes |",
		"| guestfish run | 10.0 (10.0–10.0) | 10.0 (10.0–10.0) |",
		"| `fix` of a guest whose initramfs lacks virtio | 5.00 s | 2.00 s | yes |",
		"| `convert` beside qemu-img and sync, debian12-bios-sda1 | 1.05 × | 1.31 × | **no**, 25 % over |",
		"| engine's overhead, at most | 0.50 (0.50–0.50) | 0.50 (0.50–0.50) |",
		"| – launching the appliance | 9.00 (9.00–9.00) |",
		"| 9 | 9.00 | 591 MiB | 9.00 | 591 MiB |",
		"| 4 | 80.0 (80.0–80.0) |",
		"| hyper2kvm (the engine) | 50 MB |",
		"| qemu-system (the appliance) of virt-v2v | 500 MB |",
		"SECTIONS=compare,scaling",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in the page", want)
		}
	}
	if strings.Contains(page, "%!") {
		t.Error("the page holds a wrong format")
	}
	for _, name := range []string{comparePlot, levelsPlot, livePlot, virtualPlot} {
		if !strings.Contains(page, "]("+name+")") {
			t.Errorf("%s is not shown", name)
		}
		wellFormed(t, read(t, folder, name))
	}
	if t.Failed() {
		t.Log(page)
	}
}

func TestAPartCanBeRendered(t *testing.T) {
	store, folder := everything(t), t.TempDir()
	history := results.History{Path: filepath.Join(folder, "history.json")}
	for _, name := range results.Sections {
		if name != results.Parallel {
			if err := store.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := Write(store, history, folder); err != nil {
		t.Fatal(err)
	}
	page := read(t, folder, fileName)
	if !strings.Contains(page, "## Several at Once") || strings.Contains(page, "## A Whole Migration") {
		t.Errorf("the page does not hold what was measured and nothing else:\n%s", page)
	}
}

func TestNothingIsNoPage(t *testing.T) {
	if err := Write(results.Store{Dir: t.TempDir()}, results.History{Path: filepath.Join(t.TempDir(), "history.json")}, t.TempDir()); err == nil {
		t.Error("a page was made of nothing")
	}
}

func TestAnotherMachineIsTold(t *testing.T) {
	other := machine
	other.CPU = "Another CPU"
	m := measured{results.Compare: {Machine: machine}, results.Scaling: {Machine: other}}
	if got := m.where(); !strings.Contains(got, "another build of the engine: scaling") {
		t.Errorf("got %q", got)
	}
}

func read(t *testing.T, folder, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func wellFormed(t *testing.T, svg string) {
	t.Helper()
	decoder, elements := xml.NewDecoder(strings.NewReader(svg)), 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := token.(xml.StartElement); ok {
			elements++
		}
	}
	if elements < 20 {
		t.Errorf("a plot of %d elements shows nothing", elements)
	}
}
