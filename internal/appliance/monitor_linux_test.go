package appliance

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qmp"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qmp/qmptest"
)

// TestLayOver: each disk gets its layer by the name that QEMU has for it, whatever
// the order, and all in one transaction.
func TestLayOver(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	path := func(name string) string { return filepath.Join(directory, name) }
	for _, name := range []string{"first", "second", "appliance"} {
		if err := os.WriteFile(path(name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("second", path("link")); err != nil {
		t.Fatal(err)
	}
	open := fmt.Sprintf(`"return": [{"device": "cd0"}, {"device": "hd1", "inserted": {"file": %q, "node-name": "#block7"}}, `+
		`{"device": "", "inserted": {"file": %q, "node-name": "#block3"}}, {"device": "hd2", "inserted": {"file": %q}}]`,
		path("link"), "file:"+path("first"), path("appliance"))
	for name, test := range map[string]struct {
		disks       []string
		transaction string // the answer
		want        string // of the transaction's argument
		failure     string
	}{
		"two disks": {
			[]string{path("first"), path("second")}, `"return": {}`,
			`{"actions":[{"data":{"format":"qcow2","mode":"absolute-paths","node-name":"#block3","snapshot-file":"/layers/0"},"type":"blockdev-snapshot-sync"},` +
				`{"data":{"device":"hd1","format":"qcow2","mode":"absolute-paths","snapshot-file":"/layers/1"},"type":"blockdev-snapshot-sync"}]}`, "",
		},
		"a disk that QEMU has not":      {[]string{path("first"), directory}, `"return": {}`, "", "QEMU does not have " + directory + " open"},
		"a disk that is not there":      {[]string{path("third")}, `"return": {}`, "", "no such file"},
		"a transaction that is refused": {[]string{path("second")}, `"error": {"desc": "Could not create file"}`, "", "QEMU says: Could not create file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked any
			qemu := qmp.New(qmptest.Play(t, nil, func(command string, arguments json.RawMessage) string {
				if command == "query-block" {
					return open
				}
				if err := json.Unmarshal(arguments, &asked); err != nil || command != "transaction" {
					return ""
				}
				return test.transaction
			}), nil)
			layers := []string{"/layers/0", "/layers/1"}[:len(test.disks)]
			err := layOver(t.Context(), qemu, test.disks, layers)
			if test.failure != "" {
				if err == nil || !strings.Contains(err.Error(), test.failure) {
					t.Errorf("it ended with %v, want %s", err, test.failure)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(asked)
			if diff := cmp.Diff(test.want, string(text)); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// TestDialMonitor: the socket is reached through its open directory, however deep
// that lies, and QEMU is greeted first.
func TestDialMonitor(t *testing.T) {
	t.Parallel()
	directory := filepath.Join(t.TempDir(), strings.Repeat("d", 120))
	if err := os.Mkdir(directory, 0o700); err != nil {
		t.Fatal(err)
	}
	m, err := newMonitor(directory)
	if err != nil {
		t.Fatal(err)
	}
	defer m.close()
	if _, err := m.dial(t.Context()); err == nil {
		t.Error("nobody listens, and it was dialled")
	}
	listener, err := net.Listen("unix", m.address())
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // its folder goes
	played := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err == nil {
			var asked struct {
				Execute string
				ID      int
			}
			fmt.Fprintln(conn, `{"QMP": {}}`)
			if err = json.NewDecoder(conn).Decode(&asked); err == nil && asked.Execute != "qmp_capabilities" {
				err = fmt.Errorf("it was asked %s", asked.Execute)
			}
			fmt.Fprintf(conn, "{\"return\": {}, \"id\": %d}\n", asked.ID)
		}
		played <- err
	}()
	qemu, err := m.dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := <-played; err != nil {
		t.Error(err)
	}
	if err := qemu.Close(); err != nil {
		t.Error(err)
	}
}
