package qemuimg_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/nbd"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
)

func requireQEMUNBD(t *testing.T) {
	t.Helper()
	requireQEMUImg(t)
	if _, err := exec.LookPath("qemu-nbd"); err != nil {
		t.Skip("qemu-nbd is not installed")
	}
}

func TestServe(t *testing.T) {
	t.Parallel()
	requireQEMUNBD(t)
	raw := rawImage(t, 300<<10, 4<<20)
	content, err := os.ReadFile(raw.Path)
	if err != nil {
		t.Fatal(err)
	}
	overlay := qemuimg.Image{Path: filepath.Join(t.TempDir(), "overlay"), Format: "qcow2"}
	if err := qemuimg.CreateOverlay(t.Context(), overlay.Path, convert(t, raw, "vmdk"), 0); err != nil {
		t.Fatal(err)
	}
	for name, image := range map[string]qemuimg.Image{
		"raw":     raw,
		"overlay": overlay,
		"window":  {Path: raw.Path, Format: "raw", Offset: 0, Size: 4 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Longer than the address of a socket can be.
			directory := filepath.Join(t.TempDir(), strings.Repeat("long", 40))
			if err := os.Mkdir(directory, 0o700); err != nil {
				t.Fatal(err)
			}
			server, err := qemuimg.Serve(t.Context(), image, directory, 2)
			if err != nil {
				t.Fatal(err)
			}
			var clients []*nbd.Client
			for range 2 {
				conn, err := server.Dial()
				if err != nil {
					t.Fatal(err)
				}
				client, err := nbd.New(conn)
				if err != nil {
					t.Fatal(err)
				}
				clients = append(clients, client)
			}
			for _, client := range clients {
				if client.Size() != 4<<20 {
					t.Errorf("size %d", client.Size())
				}
				got := make([]byte, 1<<20)
				if _, err := client.ReadAt(got, 4096); err != nil || !bytes.Equal(got, content[4096:4096+1<<20]) {
					t.Errorf("other bytes were read (%v)", err)
				}
				extents, err := client.Extents(0, 4<<20)
				if err != nil || len(extents) < 2 || extents[0].Zero || extents[0].Length > 320<<10 || !extents[1].Zero {
					t.Errorf("extents %+v, %v", extents, err)
				}
			}
			for _, client := range clients {
				if err := client.Close(); err != nil {
					t.Error(err)
				}
			}
			if err := server.Close(); err != nil {
				t.Error(err)
			}
			if left, err := os.ReadDir(directory); len(left) > 0 || err != nil {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

func TestServeTellsWhyItFailed(t *testing.T) {
	t.Parallel()
	requireQEMUNBD(t)
	raw := rawImage(t, 512, 512)
	server, err := qemuimg.Serve(t.Context(), qemuimg.Image{Path: raw.Path, Format: "qcow2"}, t.TempDir(), 1)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := server.Dial()
	if err == nil {
		_, err = nbd.New(conn)
	}
	if err == nil {
		t.Error("a raw image was opened as qcow2")
	}
	err = server.Close()
	if err == nil || !strings.Contains(err.Error(), raw.Path) || !strings.Contains(err.Error(), "qcow2 format") {
		t.Errorf("error %v", err)
	}
	if again := server.Close(); !errors.Is(again, err) {
		t.Errorf("second Close: %v", again)
	}
}

func TestServeCancelled(t *testing.T) {
	t.Parallel()
	requireQEMUNBD(t)
	ctx, cancel := context.WithCancel(t.Context())
	server, err := qemuimg.Serve(ctx, rawImage(t, 512, 512), t.TempDir(), 1)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := server.Dial()
	if err != nil {
		t.Fatal(err)
	}
	client, err := nbd.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	for err == nil { // until qemu-nbd has gone
		_, err = client.ReadAt(make([]byte, 512), 0)
	}
	if err := server.Close(); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	var gone *net.OpError
	if _, err := server.Dial(); !errors.As(err, &gone) {
		t.Errorf("the socket is still there: %v", err)
	}
}
