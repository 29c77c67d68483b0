package pipeline

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// launching is a job that fixes a small Debian, whose disk edit may change, and whose
// appliance is what launch makes of it.
func launching(t *testing.T, edit func(disk []byte), launch func(context.Context) error) job {
	t.Helper()
	j := inspectionJob(t, edit)
	j.manifest.Pipeline.Fix.Enabled = true
	j.host.check = func(context.Context, appliance.Acceleration) []error { return nil }
	j.host.launch = func(ctx context.Context, _ []appliance.Drive, _ appliance.Options) (*appliance.Session, error) {
		return nil, launch(ctx)
	}
	return j
}

// requireNothing wants the output directory to be as it was.
func requireNothing(t *testing.T, j job) {
	t.Helper()
	if left, err := filepath.Glob(filepath.Join(j.manifest.Output.Directory, ".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

// TestRefusalEndsLaunch: what is known of the disks while the appliance starts ends the
// launch at once, and is the error.
func TestRefusalEndsLaunch(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		disk func(disk []byte)
		root string
		want string
	}{
		"no system": {disk: func(disk []byte) { clear(disk[1<<20:]) }, want: "no operating system was found on the disks"},
		"encrypted": {
			disk: func(disk []byte) { clear(disk[1<<20:]); copy(disk[1<<20:], "LUKS\xba\xbe\x00\x01") }, want: "is encrypted with LUKS",
		},
		"hibernated": {
			disk: func(disk []byte) { clear(disk[1<<20 : 3<<20]); copy(disk[1<<20+4086:], "S1SUSPEND\x00") },
			want: "the guest is hibernated: its memory is kept in the swap area /dev/sda1",
		},
		"another root": {root: "/dev/sda1", want: "source.root: /dev/sda1 is not the root of one operating system"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := launching(t, test.disk, func(ctx context.Context) error {
				<-ctx.Done() // as long as nobody ends it
				return ctx.Err()
			})
			j.manifest.Source.Root = test.root
			result, err := j.run(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.want) || stageOf(err, "") != report.StageInspect || errors.Is(err, context.Canceled) {
				t.Errorf("the run ended with %v, want %q", err, test.want)
			}
			if result.Pipeline.Cancelled {
				t.Error("the report says that the run was cancelled")
			}
			requireNothing(t, j)
		})
	}
}

// TestUncertainIsLeftToAppliance: what was not read, or may be older than its journal,
// refuses nothing.
func TestUncertainIsLeftToAppliance(t *testing.T) {
	t.Parallel()
	errLaunch := errors.New("there is no appliance")
	for name, disk := range map[string]func(disk []byte){
		"a good guest": nil,
		"btrfs":        func(disk []byte) { copy(disk[1<<20+0x10040:], "_BHRfS_M") },
		"swap file of a guest that was not unmounted": func(disk []byte) {
			copy(disk[strings.Index(string(disk), "SWAPSPACE2"):], "S1SUSPEND\x00")
			disk[3<<20+1024+0x60] |= 0x4
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			looked := make(chan struct{})
			j := launching(t, disk, func(ctx context.Context) error {
				select {
				case <-looked:
					return errLaunch
				case <-ctx.Done():
					return ctx.Err()
				}
			})
			opened, err := load(t.Context(), j)
			if err != nil {
				t.Fatal(err)
			}
			defer opened.source.Close()
			seen, err := look(t.Context(), j, opened)
			if seen.refusal != nil || err != nil {
				t.Errorf("refused: %v, error %v", seen.refusal, err)
			}
			close(looked)
			var shared session
			if _, err := examine(t.Context(), j, opened, &shared); !errors.Is(err, errLaunch) {
				t.Errorf("examining ended with %v", err)
			}
			if err := errors.Join(shared.end(), opened.artifacts.Close()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestCancelledLaunch: who cancels the run ends both, and is the cause.
func TestCancelledLaunch(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	j := launching(t, nil, func(ctx context.Context) error {
		cancel()
		<-ctx.Done()
		return ctx.Err()
	})
	result, err := j.run(ctx)
	if !errors.Is(err, context.Canceled) || !result.Pipeline.Cancelled {
		t.Errorf("the run ended with %v, cancelled: %t", err, result.Pipeline.Cancelled)
	}
	requireNothing(t, j)
}
