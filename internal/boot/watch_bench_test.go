package boot_test

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/boot"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// BenchmarkWatch compares a guest that is watched with one that is merely booted
// until it asks for a login on its console, in turn, so that both meet the same
// host: go test -run '^$' -bench Watch -benchtime 5x, with TF_ACC=1.
func BenchmarkWatch(b *testing.B) {
	if os.Getenv("TF_ACC") == "" {
		b.Skip("needs QEMU and a guest: set TF_ACC=1")
	}
	recipe, err := testguest.Lookup(testguest.Flagship)
	if err != nil {
		b.Fatal(err)
	}
	disk, err := testguest.Build(b.Context(), recipe)
	if err != nil {
		b.Fatal(err)
	}
	machine := boot.Machine{Disks: []boot.Disk{{Path: disk, Format: "vmdk"}}, Bus: recipe.Old}
	var bare, watched []float64
	for b.Loop() {
		bare = append(bare, timed(b, func(ctx context.Context) (boot.State, error) {
			r, err := boot.Start(ctx, machine)
			if err != nil {
				return "", err
			}
			state, err := r.WaitState(ctx, "")
			if closed := r.Close(); err == nil {
				err = closed
			}
			return state, err
		}))
		watched = append(watched, timed(b, func(ctx context.Context) (boot.State, error) {
			outcome, err := boot.Watch(ctx, machine, boot.Watching{Timeout: time.Hour})
			return outcome.State, err
		}))
		b.Logf("bare %.1f s, watched %.1f s", bare[len(bare)-1], watched[len(watched)-1])
	}
	b.ReportMetric(median(bare), "bare-s")
	b.ReportMetric(median(watched), "watched-s")
}

func timed(b *testing.B, boots func(context.Context) (boot.State, error)) float64 {
	b.Helper()
	started := time.Now()
	state, err := boots(b.Context())
	if err != nil || state != boot.StateLogin {
		b.Fatalf("the guest came to %q, %v", state, err)
	}
	return time.Since(started).Seconds()
}

func median(seconds []float64) float64 {
	sorted := slices.Sorted(slices.Values(seconds))
	return sorted[len(sorted)/2]
}
