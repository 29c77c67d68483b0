package blockfs

import (
	"encoding/binary"
	"errors"
	"io"
)

// The restart pages of the journal, $LogFile, as the Linux-NTFS project's
// documentation describes them: two, the second where the first says that the pages
// of the system end.
const (
	ntfsLogRecord     = 2
	ntfsLogPage       = 4096
	ntfsLogMaxPage    = 64 << 10
	ntfsLogNoClient   = 0xFFFF
	ntfsLogClosed     = 0x2
	ntfsRestartLength = 16 // of what is looked at of a restart area
)

// journalOpen says that the volume was in use when the machine stopped, so that its
// journal has what was not written elsewhere. An empty journal, and one that
// checkdisk has left, has nothing.
func (n *ntfs) journalOpen() bool {
	records, err := n.records(ntfsLogRecord)
	if err != nil {
		return true
	}
	stream, err := n.streamOf(records, ntfsData, "")
	if err != nil {
		return true
	}
	newest, open := uint64(0), false
	for at := int64(0); at <= ntfsLogMaxPage; at = max(at*2, ntfsLogPage) {
		page := make([]byte, ntfsLogPage)
		if _, err := n.read(stream, page, at); err != nil {
			return open || !errors.Is(err, io.EOF)
		}
		number, pageOpen, ok := readRestart(page)
		if ok && number >= newest {
			newest, open = number, pageOpen
		}
	}
	return open
}

// readRestart reads a restart page: its number, which grows, and whether the journal
// is open.
func readRestart(page []byte) (number uint64, open, ok bool) {
	if string(page[:4]) != "RSTR" || mendSectors(page) != nil {
		return 0, false, false
	}
	le := binary.LittleEndian
	at := int(le.Uint16(page[24:]))
	if at+ntfsRestartLength > len(page) {
		return 0, false, false
	}
	area := page[at:]
	return le.Uint64(area), le.Uint16(area[12:]) != ntfsLogNoClient && le.Uint16(area[14:])&ntfsLogClosed == 0, true
}
