package pluginprocess

import (
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// orphanGrace is how long a provider without Terraform waits for its
// migrations, which are cancelled, to clean up.
const orphanGrace = 20 * time.Second

var errTerraformDied = errors.New("the Terraform process died")

// ExitWithTerraform ends this process after the one that started it is gone,
// killed or not: nobody else would ever end it. Its migrations are cancelled
// and may clean up first. release is called before it ends.
func ExitWithTerraform(release func()) {
	parent, err := unix.PidfdOpen(os.Getppid(), 0)
	if err != nil {
		return // a kernel before 5.3; the migrations still end by themselves
	}
	go func() {
		for {
			_, err := unix.Poll([]unix.PollFd{{Fd: int32(parent), Events: unix.POLLIN}}, -1)
			if !errors.Is(err, unix.EINTR) {
				break
			}
		}
		orphan(errTerraformDied)
		ended := make(chan struct{})
		go func() {
			running.Wait()
			close(ended)
		}()
		ctx, cancel := context.WithTimeout(context.Background(), orphanGrace)
		defer cancel()
		select {
		case <-ended:
		case <-ctx.Done():
		}
		release()
		os.Exit(1)
	}()
}
