package pipeline_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	product "github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/boot"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// What the boot of a migration may take: so many times as long as the guest alone,
// and so many seconds more.
const (
	mostTimes   = 1.15
	mostSeconds = 3
)

// bootRound is how long everything took in one round, in seconds.
type bootRound struct {
	bare     float64 // the image alone, until it asks for a login
	stage    float64 // the boot in a migration, until that is over
	prepared float64 // laying the layers and the probe, and the end of the appliance
}

// BenchmarkBootStage measures the boot of a migration, with layer and probe, against
// that of the image that it makes, in turn, so that both meet the same host. It needs
// QEMU, an appliance and a host that does nothing else: make bench-boot ROUNDS=5.
func BenchmarkBootStage(b *testing.B) {
	if os.Getenv("TF_ACC") == "" {
		b.Skip("needs QEMU, an appliance and a guest: set TF_ACC=1")
	}
	recipe, err := testguest.Lookup(testguest.Flagship)
	if err != nil {
		b.Fatal(err)
	}
	source, err := testguest.Build(b.Context(), recipe)
	if err != nil {
		b.Fatal(err)
	}
	// The first makes the image, and fills caches.
	image, machine, first := bootedMigration(b, source)
	fmt.Printf("boot stage, before the rounds: %.1f s on %s\n", first.stage, machine.Accelerator)
	bare := product.Machine{
		Disks:     []product.Disk{{Path: image, Format: "qcow2"}},
		Firmware:  product.Firmware(machine.Firmware),
		MemoryMiB: machine.MemoryMiB, CPUs: machine.CPUs, Accelerator: machine.Accelerator,
	}
	var rounds []bootRound
	for b.Loop() {
		alone := bareBoot(b, bare)
		_, _, round := bootedMigration(b, source)
		round.bare = alone
		rounds = append(rounds, round)
		fmt.Printf("boot stage, round %d: bare %.1f s, stage %.1f s (limit %.1f s), prepared in %.1f s\n",
			len(rounds), round.bare, round.stage, limitOf(round.bare), round.prepared)
	}
	fmt.Print(summaryOf(rounds))
}

// bootedMigration migrates with a boot, and says to which image, on which machine it
// was booted, and how long that took.
func bootedMigration(b *testing.B, source string) (image string, machine report.BootMachine, took bootRound) {
	b.Helper()
	m := migration(source, b.TempDir())
	m.Pipeline.Validate.Boot.Enabled = true
	var preparing, converting, booting time.Time
	r, err := pipeline.Run(b.Context(), m, pipeline.Options{Acceleration: "auto", Notify: func(e report.Event) {
		switch {
		case e.Message == "preparing the trial of the guest":
			preparing = time.Now()
		case strings.HasPrefix(e.Message, "converting ") && converting.IsZero():
			converting = time.Now()
		case e.Message == "booting the guest":
			booting = time.Now()
		}
	}})
	ended := time.Now()
	if err != nil {
		b.Fatal(err)
	}
	seen, err := report.ResultOf[report.Validation](r)
	if err != nil || seen.Boot == nil || seen.Boot.Verdict != report.BootBooted || seen.Boot.Guest == nil || preparing.IsZero() || converting.IsZero() || booting.IsZero() {
		b.Fatalf("the guest was not booted with a probe: %v, %+v", err, seen.Boot)
	}
	return m.OutputPath(), seen.Boot.Machine, bootRound{stage: ended.Sub(booting).Seconds(), prepared: converting.Sub(preparing).Seconds()}
}

// bareBoot is how long a guest takes until it asks for a login on its console, with
// nobody who looks at it.
func bareBoot(b *testing.B, machine product.Machine) float64 {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Minute)
	defer cancel()
	started := time.Now()
	r, err := product.Start(ctx, machine)
	if err != nil {
		b.Fatal(err)
	}
	state, err := r.WaitState(ctx, "")
	took := time.Since(started).Seconds()
	if closed := r.Close(); err != nil || closed != nil || state != product.StateLogin {
		b.Fatalf("the guest came to %q: %v, %v", state, err, closed)
	}
	return took
}

// limitOf is how long the stage may take by how long the guest alone took.
func limitOf(bare float64) float64 { return mostTimes*bare + mostSeconds }

// summaryOf has the median and the range of everything, and says whether the stage is
// within its limit, alone and with what prepares it.
func summaryOf(rounds []bootRound) string {
	of := func(value func(bootRound) float64) (median float64, text string) {
		var all []float64
		for _, round := range rounds {
			all = append(all, value(round))
		}
		slices.Sort(all)
		middle := len(all) / 2
		if median = all[middle]; len(all)%2 == 0 {
			median = (all[middle-1] + all[middle]) / 2
		}
		return median, fmt.Sprintf("%.1f s (%.1f to %.1f)", median, all[0], all[len(all)-1])
	}
	bare, bareText := of(func(r bootRound) float64 { return r.bare })
	stage, stageText := of(func(r bootRound) float64 { return r.stage })
	_, preparedText := of(func(r bootRound) float64 { return r.prepared })
	all, allText := of(func(r bootRound) float64 { return r.stage + r.prepared })
	limit := limitOf(bare)
	within := func(seconds float64) string {
		if seconds <= limit {
			return "within"
		}
		return "OVER"
	}
	return fmt.Sprintf("boot stage, %d rounds: bare %s; limit %.2f times that and %d s: %.1f s\n"+
		"  stage %s: %s\n  prepared in %s, the end of the appliance among that\n  both %s: %s\n",
		len(rounds), bareText, mostTimes, mostSeconds, limit, stageText, within(stage), preparedText, allText, within(all))
}

func TestBootStageSummary(t *testing.T) {
	t.Parallel()
	got := summaryOf([]bootRound{{bare: 20, stage: 30, prepared: 4}, {bare: 24, stage: 25, prepared: 3}, {bare: 22, stage: 26, prepared: 5}, {bare: 20, stage: 22, prepared: 4}})
	const want = "boot stage, 4 rounds: bare 21.0 s (20.0 to 24.0); limit 1.15 times that and 3 s: 27.1 s\n" +
		"  stage 25.5 s (22.0 to 30.0): within\n  prepared in 4.0 s (3.0 to 5.0), the end of the appliance among that\n  both 29.5 s (26.0 to 34.0): OVER\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
