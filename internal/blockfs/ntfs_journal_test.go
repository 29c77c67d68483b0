package blockfs

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/blockfs/blockfstest"
)

// restartPage is one of a journal with that number.
func restartPage(number uint64, inUse, flags uint16) []byte {
	le := binary.LittleEndian
	page := make([]byte, ntfsLogPage)
	copy(page, "RSTR")
	le.PutUint16(page[4:], 30) // where what lay at the ends of sectors is
	le.PutUint16(page[6:], 9)
	le.PutUint32(page[16:], ntfsLogPage)
	le.PutUint32(page[20:], ntfsLogPage)
	le.PutUint16(page[24:], 64)
	le.PutUint64(page[64:], number)
	le.PutUint16(page[64+12:], inUse)
	le.PutUint16(page[64+14:], flags)
	for n := 1; n <= 8; n++ {
		copy(page[n*512-2:], page[30:32])
	}
	return page
}

// TestJournalOfNTFS: a volume that was in use is told by the newer one of two pages.
func TestJournalOfNTFS(t *testing.T) {
	t.Parallel()
	image := blockfstest.Load(t, "testdata", "ntfs")
	data := make([]byte, image.Size)
	if _, err := image.ReadAt(data, 0); err != nil {
		t.Fatal(err)
	}
	volume, err := openNTFS(bytes.NewReader(data), image.Size)
	if err != nil {
		t.Fatal(err)
	}
	records, err := volume.records(ntfsLogRecord)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := volume.streamOf(records, ntfsData, "")
	if err != nil || len(stream.runs) == 0 {
		t.Fatalf("the journal lies in %+v, %v", stream.runs, err)
	}
	at := stream.runs[0].start * volume.cluster
	torn := restartPage(9, 0, 0)
	torn[510] ^= 1
	for name, test := range map[string]struct {
		first, second []byte
		open          bool
	}{
		"empty":                 {bytes.Repeat([]byte{0xFF}, ntfsLogPage), bytes.Repeat([]byte{0xFF}, ntfsLogPage), false},
		"left by checkdisk":     {[]byte("CHKD"), []byte("CHKD"), false},
		"in use":                {restartPage(4, 0, 0), restartPage(3, 0, 0), true},
		"closed":                {restartPage(4, 0, ntfsLogClosed), restartPage(3, 0, 0), false},
		"of nobody":             {restartPage(4, ntfsLogNoClient, 0), restartPage(3, 0, 0), false},
		"the second is newer":   {restartPage(4, ntfsLogNoClient, 0), restartPage(5, 0, 0), true},
		"the second was closed": {restartPage(4, 0, 0), restartPage(5, 0, ntfsLogClosed), false},
		"the first is torn":     {torn, restartPage(5, 0, ntfsLogClosed), false},
	} {
		t.Run(name, func(t *testing.T) {
			changed := bytes.Clone(data)
			copy(changed[at:], test.first)
			copy(changed[at+ntfsLogPage:], test.second)
			found, err := Identify(io.NewSectionReader(bytes.NewReader(changed), 0, image.Size), image.Size)
			if err != nil || found.NeedsRecovery != test.open {
				t.Errorf("it needs recovery: %v, want %v (%v)", found.NeedsRecovery, test.open, err)
			}
		})
	}
}
