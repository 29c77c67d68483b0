package measure

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
)

// newBench is a benchmark of fakes. calls reads what they were called for.
func newBench(t *testing.T) (b *Bench, calls func() []string) {
	t.Helper()
	folder := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name := range fakes {
		if err := os.Symlink(self, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	guest, log := filepath.Join(folder, "guest.vmdk"), filepath.Join(folder, "log")
	if err := os.WriteFile(guest, []byte("disk"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder)
	t.Setenv("FAKE_GUEST", guest)
	t.Setenv("FAKE_LOG", log)
	t.Setenv("FAKE_FAILURE", "")
	b = &Bench{
		Engine: filepath.Join(folder, "hyper2kvm"), Testguest: filepath.Join(folder, "testguest"),
		Room: filepath.Join(folder, "room"), Store: results.Store{Dir: filepath.Join(folder, "results")},
		Rounds: 2, MostLive: gib, Log: t.Output(), settle: func() {}, count: fakeCount, kvm: guest,
	}
	return b, func() []string {
		data, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(strings.TrimSpace(string(data)), "\n")
	}
}

func load(t *testing.T, store results.Store, name string) *results.Section {
	t.Helper()
	section, err := store.Load(name)
	if err != nil || section == nil {
		t.Fatalf("%s: %v, %v", name, section, err)
	}
	return section
}

func TestEverySectionIsMeasured(t *testing.T) {
	b, _ := newBench(t)
	parent := b.Room
	if err := b.Run(context.Background(), results.Sections); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{
		results.Compare: 2 * 3, results.Stages: 2 * 2, results.Launches: 2 * 4, results.Effort: 2, results.Inspection: 2, results.Options: 2 * 4, results.Convert: 2 * 2,
		results.Compress: 2 * (2*2 + levels), results.Scaling: 2 * 2 * 3, results.Parallel: 2 * 3,
	} {
		section := load(t, b.Store, name)
		if got := len(section.Samples); got != want {
			t.Errorf("%s: %d measurements, want %d", name, got, want)
		}
		for _, s := range section.Samples {
			timed, writes := name != results.Effort, name != results.Parallel && name != results.Inspection && name != results.Launches
			if timed && s.Seconds <= 0 || writes && s.Bytes == 0 || !timed && s.Effort.Read != 4 {
				t.Errorf("%s: nothing was measured: %+v", name, s)
			}
		}
	}
	if got := results.StepTime("inspect", results.Launch)(load(t, b.Store, results.Stages).Samples[0]); got != 9 {
		t.Errorf("the launch took %v s, want 9", got)
	}
	if got := load(t, b.Store, results.Stages).Samples[0].Steps[2].Name; got != "checking guest.qcow2" {
		t.Errorf("a step is called %q", got)
	}
	if got := load(t, b.Store, results.Parallel).Of("4", results.Ours)[0].Each; len(got) != 4 {
		t.Errorf("four at once: %v", got)
	}
	if left, err := os.ReadDir(parent); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestVirtV2VOfARoot: virt-v2v is asked and run where it lies.
func TestVirtV2VOfARoot(t *testing.T) {
	b, calls := newBench(t)
	room := b.Room
	b.Rounds, b.VirtV2VSuite = 1, "sid"
	if err := b.Run(t.Context(), []string{results.Compare}); err != nil {
		t.Fatal(err)
	}
	if got := load(t, b.Store, results.Compare).Machine.Versions["virt-v2v"]; got != "1.2.3 of Debian sid" {
		t.Errorf("virt-v2v is %q", got)
	}
	called := strings.Join(calls(), "\n")
	for _, want := range []string{
		"testguest host-root sid virt-v2v ", "chroot \"$R\" \"$@\" sh " + filepath.Join(room, "hyper2kvm-bench-root") + " -- virt-v2v --version\n",
		"-root " + filepath.Dir(os.Getenv("FAKE_GUEST")) + " " + filepath.Join(room, "hyper2kvm-bench", "out") + " -- virt-v2v -i disk ",
	} {
		if strings.Count(called, want) != 1 {
			t.Errorf("%q is not in what was called once:\n%s", want, called)
		}
	}
	if left, err := filepath.Glob(filepath.Join(room, "*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

func TestWaysAreMeasuredInTurn(t *testing.T) {
	b, _ := newBench(t)
	if err := b.Run(context.Background(), []string{results.Compare}); err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, s := range load(t, b.Store, results.Compare).Samples {
		order = append(order, s.Way)
	}
	if got, want := strings.Join(order, " "), "hyper2kvm virt-v2v qemu-img hyper2kvm virt-v2v qemu-img"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestARunGoesOnWhereOneBroke(t *testing.T) {
	b, calls := newBench(t)
	room := b.Room
	t.Setenv("FAKE_FAILURE", "1")
	err := b.Run(context.Background(), []string{results.Compare, results.Stages})
	if err == nil || !strings.Contains(err.Error(), "virt-v2v") || !strings.Contains(err.Error(), "nbdcopy is missing") {
		t.Fatalf("got %v, which does not say what failed", err)
	}
	if got := len(load(t, b.Store, results.Compare).Samples); got != 4 {
		t.Errorf("%d measurements of the other two ways, want 4", got)
	}
	if got := len(load(t, b.Store, results.Stages).Samples); got != 4 {
		t.Errorf("the next section has %d measurements, want 4", got)
	}

	t.Setenv("FAKE_FAILURE", "")
	before := len(calls())
	b.Room = room
	if err := b.Run(context.Background(), []string{results.Compare, results.Stages}); err != nil {
		t.Fatal(err)
	}
	if got := len(load(t, b.Store, results.Compare).Samples); got != 6 {
		t.Errorf("%d measurements, want 6", got)
	}
	migrations := 0
	for _, call := range calls()[before:] {
		if strings.HasPrefix(call, "hyper2kvm ") {
			migrations++
		}
	}
	// It looks at the machine.
	if migrations != 1 {
		t.Errorf("%d migrations, want 1: what was measured is measured again", migrations)
	}
}

func TestFreshForgets(t *testing.T) {
	b, _ := newBench(t)
	room := b.Room
	b.Rounds = 1
	if err := b.Run(context.Background(), []string{results.Parallel}); err != nil {
		t.Fatal(err)
	}
	first := load(t, b.Store, results.Parallel).Samples[0].Seconds
	b.Room, b.Fresh = room, true
	if err := b.Run(context.Background(), []string{results.Parallel}); err != nil {
		t.Fatal(err)
	}
	if section := load(t, b.Store, results.Parallel); len(section.Samples) != 3 || section.Samples[0].Seconds == first {
		t.Errorf("not measured anew: %+v", section.Samples)
	}
}

func TestAnUnknownSectionIsRefused(t *testing.T) {
	b, _ := newBench(t)
	if err := b.Run(context.Background(), []string{"speed"}); err == nil || !strings.Contains(err.Error(), `"speed"`) {
		t.Errorf("got %v", err)
	}
}

// TestKVMIsTriedForTheFirstTime: in each round, and only where there is a KVM that does
// not work.
func TestKVMIsTriedForTheFirstTime(t *testing.T) {
	b, calls := newBench(t)
	if err := b.Run(t.Context(), []string{results.Launches}); err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, s := range load(t, b.Store, results.Launches).Samples[:4] {
		order = append(order, s.Way)
	}
	if want := []string{results.Ours, results.Guestfish, results.FirstTry, results.NextTry}; !slices.Equal(order, want) {
		t.Errorf("measured are %q, want %q", order, want)
	}
	if called := strings.Join(calls(), "\n"); strings.Count(called, "--acceleration tcg") != 2 || strings.Count(called, " run\n") != 2 {
		t.Errorf("called were:\n%s", called)
	}
	b, _ = newBench(t)
	b.kvm = filepath.Join(b.Room, "nothing")
	if err := b.Run(t.Context(), []string{results.Launches}); err != nil {
		t.Fatal(err)
	}
	if got := len(load(t, b.Store, results.Launches).Of(flagship, results.FirstTry)); got != 0 {
		t.Errorf("KVM is tried %d times where there is none", got)
	}
}

func TestACancelledRunEnds(t *testing.T) {
	b, _ := newBench(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := b.Run(ctx, []string{results.Stages}); err == nil {
		t.Error("no error")
	}
}
