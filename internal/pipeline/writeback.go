package pipeline

import (
	"os"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
)

// writebackInterval is short beside the time in which a disk would be idle, and long
// beside that of the call.
const writebackInterval = 100 * time.Millisecond

// writeback has the host write what a file holds to its disk.
type writeback struct {
	path string
	tick <-chan time.Time
	// flush begins to write what is new and does not wait for it.
	flush func(*os.File) error
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
	for {
		select {
		case <-stop:
			_ = file.Close() // of nil, too, and it was not written by this
			return
		case <-w.tick:
		}
		if file == nil {
			var err error
			if file, err = os.Open(w.path); err != nil {
				file = nil // it is not made yet
				continue
			}
		}
		if w.flush(file) != nil {
			_ = file.Close()
			return
		}
	}
}
