package fix

import (
	"context"
	"errors"
	"fmt"
)

// checkGuest refuses a guest that no fix could make boot, before anything is
// changed.
func checkGuest(_ context.Context, r *run) error {
	if kind := r.target.OS.Type; kind != "" && kind != "linux" {
		return fmt.Errorf("the guest runs %s, and fixes exist for Linux only: disable pipeline.fix to convert it as it is", kind)
	}
	for _, d := range r.names.Devices {
		if d.FSType == "swsuspend" {
			return fmt.Errorf("the guest is hibernated: its memory is in the swap area %s. Start it on the old machine, shut it down, and migrate it then", d.Name)
		}
	}
	if info, err := r.fs.Stat("/etc"); err != nil {
		return fmt.Errorf("the guest's root file system has no /etc: %w", err)
	} else if !info.Mode.IsDir() {
		return errors.New("the guest's /etc is no directory")
	}
	return r.checkRoom()
}
