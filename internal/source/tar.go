package source

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxMembers is how many files a package may have.
const maxMembers = 4096

// tarMember is a file inside a tar archive. Offset and size are in bytes.
type tarMember struct {
	name         string
	offset, size int64
}

// listTar finds where the files of an uncompressed archive lie. The reader
// must start at the archive's beginning.
func listTar(archive io.ReadSeeker, end int64) ([]tarMember, error) {
	var members []tarMember
	err := walkTar(archive, func(header *tar.Header, name string, _ io.Reader) error {
		// The tar reader reads no byte more than the header.
		offset, err := archive.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		if header.Size > end-offset || sectors(header.Size)*sectorSize > end-offset {
			return fmt.Errorf("%s ends behind the archive's end: the archive is incomplete", printable(name))
		}
		members = append(members, tarMember{name: name, offset: offset, size: header.Size})
		return nil
	})
	return members, err
}

// walkTar calls visit for every file of an archive and refuses archives with
// anything but files and directories under names of their own.
func walkTar(archive io.Reader, visit func(header *tar.Header, name string, content io.Reader) error) error {
	reader := tar.NewReader(archive)
	seen := map[string]bool{}
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return errors.New("the archive is incomplete")
		}
		if err != nil {
			return err
		}
		name, err := memberName(strings.TrimRight(header.Name, "/"))
		switch header.Typeflag {
		case tar.TypeDir:
			continue
		case tar.TypeReg:
		case tar.TypeXGlobalHeader:
			continue
		case tar.TypeSymlink, tar.TypeLink:
			return fmt.Errorf("%s is a link, which no package has", printable(header.Name))
		case tar.TypeGNUSparse:
			return fmt.Errorf("%s is a sparse member, which no package has", printable(header.Name))
		default:
			return fmt.Errorf("%s is a special file, which no package has", printable(header.Name))
		}
		if err != nil {
			return err
		}
		for key := range header.PAXRecords {
			if strings.HasPrefix(key, "GNU.sparse.") {
				return fmt.Errorf("%s is a sparse member, which no package has", printable(name))
			}
		}
		switch {
		case seen[name]:
			return fmt.Errorf("%s occurs twice", printable(name))
		case len(seen) == maxMembers:
			return fmt.Errorf("it has more than %d files", maxMembers)
		}
		seen[name] = true
		if err := visit(header, name, reader); err != nil {
			return err
		}
	}
}
