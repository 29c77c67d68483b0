package appliance

import (
	"archive/tar"
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// TestDescriptor: the bytes that ntfs-3g's tools show for D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)
// of administrators, and for the same with users who read.
func TestDescriptor(t *testing.T) {
	t.Parallel()
	const (
		system = "1400ff011f00010100000000000512000000"
		admins = "1800ff011f0001020000000000052000000020020000"
		reads  = "1800a90012000102000000000005200000002102" + "0000"
		owners = "01020000000000052000000020020000" + "01020000000000052000000020020000"
	)
	for name, test := range map[string]struct {
		perm   fs.FileMode
		folder bool
		want   string
	}{
		"private folder": {0o700, true, "0100049048000000580000000000000014000000" + "0200340002000000" + "0003" + system + "0003" + admins + owners},
		"private file":   {0o600, false, "0100049048000000580000000000000014000000" + "0200340002000000" + "0000" + system + "0000" + admins + owners},
		"folder":         {0o755, true, "0100049060000000700000000000000014000000" + "02004c0003000000" + "0003" + system + "0003" + admins + "0003" + reads + owners},
		// Whoever may write besides the owner is nobody that Windows knows.
		"file": {0o666, false, "0100049060000000700000000000000014000000" + "02004c0003000000" + "0000" + system + "0000" + admins + "0000" + reads + owners},
	} {
		if diff := cmp.Diff(test.want, hex.EncodeToString(descriptor(test.perm, test.folder))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestArchives: another reader finds the name, the content and the descriptor.
func TestArchives(t *testing.T) {
	t.Parallel()
	rights := descriptor(0o600, false)
	for name, content := range map[string]string{"empty": "", "one block": string(make([]byte, 512)), "more": string(bytes.Repeat([]byte("x"), 1025))} {
		archive, err := os.Create(filepath.Join(t.TempDir(), "archive"))
		if err != nil {
			t.Fatal(err)
		}
		if err := writeFile(archive, ".write-12345678", rights, bytes.NewReader([]byte(content))); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		reader := tar.NewReader(archive)
		header, err := reader.Next()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(reader)
		if err != nil || string(got) != content || header.Name != ".write-12345678" || header.PAXRecords["SCHILY.xattr.system.ntfs_acl"] != string(rights) {
			t.Errorf("%s: %+v with %d bytes, %v", name, header, len(got), err)
		}
		if _, err := reader.Next(); !errors.Is(err, io.EOF) {
			t.Errorf("%s: after the file comes %v", name, err)
		}
		if err := archive.Close(); err != nil {
			t.Fatal(err)
		}
	}

	var folder bytes.Buffer
	if err := writeFolder(&folder, "hyper2kvm", rights); err != nil {
		t.Fatal(err)
	}
	if header, err := tar.NewReader(&folder).Next(); err != nil || header.Typeflag != tar.TypeDir || header.PAXRecords["SCHILY.xattr.system.ntfs_acl"] != string(rights) {
		t.Errorf("the folder is %+v, %v", header, err)
	}

	broken := errors.New("the disk is gone")
	archive, err := os.Create(filepath.Join(t.TempDir(), "archive"))
	if err != nil {
		t.Fatal(err)
	}
	if err := writeFile(archive, "name", rights, iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("error = %v", err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
}
