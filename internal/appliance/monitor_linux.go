package appliance

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qmp"
)

// monitor is where the appliance's QEMU takes commands, in QMP.
type monitor struct {
	directory *os.File // which holds the socket
}

// monitorName is what the socket is called in its directory.
const monitorName = "monitor.sock"

// monitorPatience is how long QEMU has for all that it is asked to lay a layer.
const monitorPatience = time.Minute

// newMonitor makes the place for a socket in a directory, which must be private
// to its user: whoever reaches the socket can read the disks.
func newMonitor(directory string) (*monitor, error) {
	opened, err := os.Open(directory)
	if err != nil {
		return nil, err
	}
	return &monitor{directory: opened}, nil
}

func (m *monitor) close() {
	if m != nil {
		_ = m.directory.Close()
	}
}

// address is that of the socket as any process of this user can use it. It may be
// 107 bytes long and the directory lie deeper, so that it is named by the open
// directory.
func (m *monitor) address() string {
	return filepath.Join("/proc", fmt.Sprint(os.Getpid()), "fd", fmt.Sprint(m.directory.Fd()), monitorName)
}

// option is QEMU's -qmp.
func (m *monitor) option() string { return "unix:" + m.address() + ",server=on,wait=off" }

// dial connects. QEMU speaks with one at a time.
func (m *monitor) dial(ctx context.Context) (*qmp.Client, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", m.address())
	if err != nil {
		return nil, err
	}
	client := qmp.New(conn, nil)
	if err := client.Negotiate(ctx); err != nil {
		return nil, errors.Join(err, client.Close())
	}
	return client, nil
}

// attached is one disk as QEMU has it open (query-block).
type attached struct {
	Device   string `json:"device"`
	Inserted *struct {
		File string `json:"file"`
		Node string `json:"node-name"`
	} `json:"inserted"`
}

// snapshot is the argument of blockdev-snapshot-sync.
type snapshot struct {
	Device string `json:"device,omitempty"`
	Node   string `json:"node-name,omitempty"`
	File   string `json:"snapshot-file"`
	Format string `json:"format"`
	Mode   string `json:"mode"`
}

// layOver puts a new qcow2 image on top of each of the disks, on all or on none.
func layOver(ctx context.Context, qemu *qmp.Client, disks, layers []string) error {
	var open []attached
	if err := qemu.Execute(ctx, "query-block", nil, &open); err != nil {
		return err
	}
	type action struct {
		Type string   `json:"type"`
		Data snapshot `json:"data"`
	}
	var actions []action
	for n, disk := range disks {
		taken, err := find(open, disk)
		if err != nil {
			return err
		}
		taken.File, taken.Format, taken.Mode = layers[n], "qcow2", "absolute-paths"
		actions = append(actions, action{"blockdev-snapshot-sync", taken})
	}
	return qemu.Execute(ctx, "transaction", map[string]any{"actions": actions}, nil)
}

// find says how QEMU calls the disk with an image.
func find(open []attached, image string) (snapshot, error) {
	wanted, err := os.Stat(image)
	if err != nil {
		return snapshot{}, err
	}
	for _, device := range open {
		if device.Inserted == nil {
			continue
		}
		path := strings.TrimPrefix(device.Inserted.File, "file:")
		if info, err := os.Stat(path); err != nil || !os.SameFile(info, wanted) {
			continue
		}
		if device.Device != "" {
			return snapshot{Device: device.Device}, nil
		}
		return snapshot{Node: device.Inserted.Node}, nil
	}
	return snapshot{}, fmt.Errorf("QEMU does not have %s open", image)
}
