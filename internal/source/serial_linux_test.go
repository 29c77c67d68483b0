package source_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// VMware shows the guest a disk's serial number that its descriptor holds.
func TestSerialOfVMDK(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	disk := newDisk(t)
	const number = "6000c2937ba03a039f22562993b79359"
	for name, test := range map[string]struct{ entry, want string }{
		"VMware's":       {`ddb.uuid = "60 00 C2 93 7b a0 3a 03-9f 22 56 29 93 b7 93 59"`, number},
		"too short":      {`ddb.uuid = "60 00 C2 93"`, ""},
		"no number":      {`ddb.uuid = "no number at all, but long.........."`, ""},
		"another's":      {`ddb.uuid.image="2a3b4c5d-0000-0000-0000-000000000000"`, ""},
		"without quotes": {`ddb.uuid = 6000c2937ba03a039f22562993b79359`, number},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, filepath.Join(dir, "web-flat.vmdk"), read(t, disk))
			path := write(t, filepath.Join(dir, "web.vmdk"), descriptor("vmfs", 1, noParent, fmt.Sprintf(`RW %d VMFS "web-flat.vmdk"`, diskSize/512), "", test.entry))
			if got := open(t, source.Request{Type: source.TypeVMDK, Path: path}).Disks[0].Serial; got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
	dir := t.TempDir()
	path := vmfsSparse(t, dir, disk)
	patch(t, filepath.Join(dir, "web.vmdk"), func(data []byte) []byte { return append(data, "ddb.uuid = \""+number+"\"\n"...) })
	if got := open(t, source.Request{Type: source.TypeVMDK, Path: path}).Disks[0].Serial; got != number {
		t.Errorf("a snapshot has the serial %q", got)
	}
}
