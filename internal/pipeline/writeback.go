package pipeline

import (
	"os"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
)

// writebackInterval is short beside the time in which a disk would be idle, and long
// beside that of the call.
const writebackInterval = 100 * time.Millisecond

// writebackStep is how much is flushed at once, in bytes: where the disk's queue is
// full, a flush waits, and who ends a copy should not wait for all of the file.
const writebackStep = 64 << 20

// writeback has the host write what a file holds to its disk.
type writeback struct {
	path string
	tick <-chan time.Time
	// flush begins to write what is new in a part of the file.
	flush func(file *os.File, offset, length int64) error
}

// beginWriteback has the host write an image to its disk while it is made, until end
// is called: it would leave what fits into its memory alone, so that the disk is idle
// for as long as the copy lasts, and publishing waits for all of it.
func beginWriteback(path string, layout qemuimg.Layout) (end func()) {
	if writtenTwice(layout) {
		return func() {}
	}
	ticker := time.NewTicker(writebackInterval)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		writeback{path: path, tick: ticker.C, flush: flushAsync}.run(stop)
	}()
	return func() {
		ticker.Stop()
		close(stop)
		<-stopped
	}
}

// writtenTwice says that a file is full of zeroes before its data come, which would then
// be written to the disk as well.
func writtenTwice(layout qemuimg.Layout) bool { return layout.Preallocation == "full" }

// run flushes at each tick until it is stopped or a flush fails, which costs no more
// than time: whoever publishes the file flushes all of it and is told of what fails.
func (w writeback) run(stop <-chan struct{}) {
	var file *os.File
	// It was not written by this. Closing none is no harm.
	defer func() { _ = file.Close() }()
	for {
		select {
		case <-stop:
			return
		case <-w.tick:
		}
		if file == nil {
			opened, err := os.Open(w.path)
			if err != nil {
				continue // it is not made yet
			}
			file = opened
		}
		if !w.flushAll(file, stop) {
			return
		}
	}
}

// flushAll flushes a file step by step. It says whether to go on.
func (w writeback) flushAll(file *os.File, stop <-chan struct{}) bool {
	info, err := file.Stat()
	if err != nil {
		return false
	}
	for offset := int64(0); offset < info.Size(); offset += writebackStep {
		select {
		case <-stop:
			return false
		default:
		}
		if w.flush(file, offset, writebackStep) != nil {
			return false
		}
	}
	return true
}
