package appliance

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// monitor is where the appliance's QEMU takes commands, in QMP.
type monitor struct {
	directory *os.File // which holds the socket
}

// monitorName is what the socket is called in its directory.
const monitorName = "monitor.sock"

// monitorPatience is how long QEMU has for an answer.
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
func (m *monitor) dial() (*dialogue, error) {
	conn, err := net.DialTimeout("unix", m.address(), monitorPatience)
	if err != nil {
		return nil, err
	}
	d := &dialogue{conn: conn, lines: bufio.NewScanner(conn)}
	d.lines.Buffer(nil, 1<<20)
	if err := d.command("qmp_capabilities", nil, nil); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return d, nil
}

// dialogue is one connection to a monitor.
type dialogue struct {
	conn  net.Conn
	lines *bufio.Scanner
}

// command has QEMU execute a command, and decodes what that returns into result
// if it is not nil.
func (d *dialogue) command(name string, arguments, result any) error {
	request := map[string]any{"execute": name}
	if arguments != nil {
		request["arguments"] = arguments
	}
	text, err := json.Marshal(request)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := d.conn.SetDeadline(time.Now().Add(monitorPatience)); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if _, err := d.conn.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for d.lines.Scan() {
		var said struct {
			Return json.RawMessage `json:"return"`
			Error  *struct {
				Description string `json:"desc"`
			} `json:"error"`
		}
		switch err := json.Unmarshal(d.lines.Bytes(), &said); {
		case err != nil:
			return fmt.Errorf("%s: %w", name, err)
		case said.Error != nil:
			return fmt.Errorf("%s: QEMU says: %s", name, said.Error.Description)
		case said.Return == nil: // the greeting, or an event
		case result == nil:
			return nil
		default:
			return json.Unmarshal(said.Return, result)
		}
	}
	if err := d.lines.Err(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return fmt.Errorf("%s: QEMU has closed its monitor", name)
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

// layer puts a new qcow2 image on top of each of the disks, on all or on none.
func (d *dialogue) layer(disks, layers []string) error {
	var open []attached
	if err := d.command("query-block", nil, &open); err != nil {
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
	return d.command("transaction", map[string]any{"actions": actions}, nil)
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
