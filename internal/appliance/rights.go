package appliance

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// descriptorAttribute is the extended attribute in which ntfs-3g has the security
// descriptor of a file of NTFS, as [MS-DTYP] 2.4.6 lays it out. Where nobody sets it,
// what is made is open to everyone.
const descriptorAttribute = "system.ntfs_acl"

// Security identifiers of [MS-DTYP] 2.4.2.4.
var (
	localSystem    = sid(18)
	administrators = sid(32, 544)
	users          = sid(32, 545)
)

// Rights of [MS-DTYP] 2.4.3 and flags of its 2.4.4.1 and 2.4.6.
const (
	allRights      = 0x1f01ff
	readAndExecute = 0x1200a9

	inheritedByFilesAndFolders = 0x3

	listPresent   = 0x0004
	listProtected = 0x1000 // what the folder above has does not count
	selfRelative  = 0x8000

	descriptorHeader, listHeader, entryHeader = 20, 8, 8 // bytes
)

// sid is an identifier below that of NT.
func sid(parts ...uint32) []byte {
	data := []byte{1, byte(len(parts)), 0, 0, 0, 0, 0, 5}
	for _, part := range parts {
		data = binary.LittleEndian.AppendUint32(data, part)
	}
	return data
}

// descriptor is what a new file or folder of NTFS has for a mode of Unix: the system
// and administrators may do all, and all users read and run it if the mode says that
// of others. Nobody else may write.
func descriptor(perm fs.FileMode, folder bool) []byte {
	flags := byte(0)
	if folder {
		flags = inheritedByFilesAndFolders
	}
	var entries []byte
	count := uint16(0)
	allow := func(whom []byte, rights uint32) {
		entries = append(entries, 0, flags)
		entries = binary.LittleEndian.AppendUint16(entries, uint16(entryHeader+len(whom))) //nolint:gosec // some 24 bytes
		entries = binary.LittleEndian.AppendUint32(entries, rights)
		entries = append(entries, whom...)
		count++
	}
	allow(localSystem, allRights)
	allow(administrators, allRights)
	control := uint16(selfRelative | listPresent | listProtected)
	if perm&0o004 != 0 {
		allow(users, readAndExecute)
	}
	list := uint32(listHeader + len(entries)) //nolint:gosec // some 72 bytes
	owner := descriptorHeader + list

	data := []byte{1, 0}
	data = binary.LittleEndian.AppendUint16(data, control)
	for _, offset := range []uint32{owner, owner + uint32(len(administrators)), 0, descriptorHeader} { //nolint:gosec // some 100 bytes
		data = binary.LittleEndian.AppendUint32(data, offset)
	}
	data = append(data, 2, 0)
	data = binary.LittleEndian.AppendUint16(data, uint16(list)) //nolint:gosec // some 80 bytes
	data = binary.LittleEndian.AppendUint16(data, count)
	data = append(data, 0, 0)
	data = append(data, entries...)
	data = append(data, administrators...)
	return append(data, administrators...)
}

// An archive carries the descriptor to the appliance, as libguestfs' call for
// attributes takes texts alone.

// writeFolder writes the archive of an empty folder.
func writeFolder(w io.Writer, name string, descriptor []byte) error {
	archive := tar.NewWriter(w)
	header := tarHeader(name, tar.TypeDir, descriptor)
	if err := archive.WriteHeader(&header); err != nil {
		return err
	}
	return archive.Close()
}

// writeFile writes the archive of a file whose size is known when all of it was read.
func writeFile(w io.WriteSeeker, name string, descriptor []byte, r io.Reader) error {
	header := tarHeader(name, tar.TypeReg, descriptor)
	start, err := tarStart(header)
	if err != nil {
		return err
	}
	if _, err := w.Seek(int64(len(start)), io.SeekStart); err != nil {
		return err
	}
	if header.Size, err = io.Copy(w, r); err != nil {
		return err
	}
	const block = 512
	if _, err := w.Write(make([]byte, (block-header.Size%block)%block+2*block)); err != nil {
		return err
	}
	full, err := tarStart(header)
	if err != nil {
		return err
	}
	if len(full) != len(start) {
		return errors.New("the file is too large for its archive") // 8 GiB
	}
	if _, err := w.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err = w.Write(full)
	return err
}

// tarStart is what comes before the content.
func tarStart(header tar.Header) ([]byte, error) {
	var start bytes.Buffer
	if err := tar.NewWriter(&start).WriteHeader(&header); err != nil {
		return nil, fmt.Errorf("writing an archive: %w", err)
	}
	return start.Bytes(), nil
}

func tarHeader(name string, kind byte, descriptor []byte) tar.Header {
	return tar.Header{
		Name: name, Typeflag: kind, Mode: 0o700, ModTime: time.Now().Truncate(time.Second), Format: tar.FormatPAX,
		PAXRecords: map[string]string{"SCHILY.xattr." + descriptorAttribute: string(descriptor)},
	}
}
