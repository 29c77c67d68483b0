package pipeline_test

import (
	"bufio"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
)

// TestAccOVAIsNotUnpacked converts a package of 2 GiB where it lies, and shows
// what that takes in time and in temporary space beside unpacking it first.
func TestAccOVAIsNotUnpacked(t *testing.T) {
	t.Parallel()
	requireFullMatrix(t)
	raw, vmdk := filepath.Join(t.TempDir(), "disk.img"), filepath.Join(t.TempDir(), "disk.vmdk")
	writeRandom(t, raw, 2<<30)
	qemuImg(t, "convert", "-W", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized", raw, vmdk)
	ova := makeOVA(t, packagedMachine{name: "web", disks: []string{vmdk}})
	if err := os.Remove(vmdk); err != nil {
		t.Fatal(err)
	}
	size := allocated(ova)
	t.Logf("package of %d MiB", size>>20)

	// The start of the disk, which tells whose it is, is copied: 1.25 MiB whatever its size.
	const most = 2 << 20
	for _, verify := range []bool{true, false} {
		m := conversion(ova, t.TempDir())
		m.Source.Type, m.Source.VerifyChecksums = manifest.SourceOVA, verify
		work := t.TempDir()
		peak, took := watch(work, func() {
			if _, err := pipeline.Run(t.Context(), m, pipeline.Options{WorkDirectory: work}); err != nil {
				t.Fatal(err)
			}
		})
		t.Logf("where it lies, checksums %-5t: %5.1f s, %4d MiB of temporary space", verify, took.Seconds(), peak>>20)
		if peak > most {
			t.Errorf("%d bytes of temporary space", peak)
		}
		qemuImg(t, "compare", "-f", "raw", "-F", "qcow2", raw, m.OutputPath())
		if err := os.Remove(m.OutputPath()); err != nil {
			t.Fatal(err)
		}
	}

	work := t.TempDir()
	peak, took := watch(work, func() {
		run(t, work, "tar", "-xf", ova)
		qemuImg(t, "convert", "-W", "-m", "16", "-f", "vmdk", "-O", "qcow2", filepath.Join(work, "web-disk1.vmdk"), filepath.Join(t.TempDir(), "out.qcow2"))
	})
	t.Logf("unpacked first               : %5.1f s, %4d MiB of temporary space", took.Seconds(), peak>>20)
	if peak < size/2 {
		t.Errorf("unpacking took %d bytes only: the comparison proves nothing", peak)
	}
}

// writeRandom writes a file that cannot be compressed.
func writeRandom(t *testing.T, path string, size int64) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	out := bufio.NewWriterSize(file, 1<<20)
	if _, err := io.CopyN(out, rand.NewChaCha8([32]byte{1}), size); err != nil {
		t.Fatal(err)
	}
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}

// watch runs work and returns the most space that files below directory took
// meanwhile, in bytes.
func watch(directory string, work func()) (peak int64, took time.Duration) {
	stop, watching := make(chan struct{}), sync.WaitGroup{}
	watching.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			peak = max(peak, allocated(directory))
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	})
	started := time.Now()
	work()
	took = time.Since(started)
	close(stop)
	watching.Wait()
	return peak, took
}

// allocated is the space that the files at or below path take, in bytes.
func allocated(path string) int64 {
	var sum int64
	_ = filepath.WalkDir(path, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil //nolint:nilerr // files come and go
		}
		if info, err := entry.Info(); err == nil {
			if stat, ok := info.Sys().(*syscall.Stat_t); ok {
				sum += stat.Blocks * 512
			}
		}
		return nil
	})
	return sum
}
