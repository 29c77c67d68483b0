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
func listTar(archive io.ReadSeeker, end int64) (*members[tarMember], error) {
	found := newMembers[tarMember]()
	err := walkTar(archive, func(header *tar.Header, name string, _ io.Reader) error {
		// The tar reader reads no byte more than the header.
		offset, err := archive.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		if header.Size > end-offset || sectors(header.Size)*sectorSize > end-offset {
			return &cutArchiveError{fmt.Sprintf("%s ends behind the archive's end: the archive is incomplete", printable(name))}
		}
		found.add(name, tarMember{name: name, offset: offset, size: header.Size})
		return nil
	}, found.reject)
	return found, err
}

// cutArchiveError says that an archive ends before its content.
type cutArchiveError struct{ what string }

func (e *cutArchiveError) Error() string { return e.what }

// walkTar calls visit for every file of an archive, and reject for whatever is
// neither a file nor a directory under a name of its own.
func walkTar(archive io.Reader, visit func(header *tar.Header, name string, content io.Reader) error, reject func(name string, err error)) error {
	reader := tar.NewReader(archive)
	seen := map[string]bool{}
	for count := 0; ; count++ {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return &cutArchiveError{"the archive is incomplete"}
		}
		if err != nil {
			return err
		}
		if count == maxMembers {
			return fmt.Errorf("it has more than %d files", maxMembers)
		}
		if header.Typeflag == tar.TypeDir || header.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		name, problem := memberName(strings.TrimRight(header.Name, "/"))
		switch {
		case problem != nil:
		case seen[name]:
			problem = fmt.Errorf("%s occurs twice", printable(name))
		default:
			problem = unusualMember(header)
			seen[name] = true
		}
		if problem != nil {
			reject(name, problem)
			continue
		}
		if err := visit(header, name, reader); err != nil {
			return err
		}
	}
}

// unusualMember says why a member is not a plain file.
func unusualMember(header *tar.Header) error {
	name := printable(header.Name)
	switch header.Typeflag {
	case tar.TypeReg:
	case tar.TypeSymlink, tar.TypeLink:
		return fmt.Errorf("%s is a link, which no package has", name)
	case tar.TypeGNUSparse:
		return fmt.Errorf("%s is a sparse member, which no package has", name)
	default:
		return fmt.Errorf("%s is a special file, which no package has", name)
	}
	for key := range header.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return fmt.Errorf("%s is a sparse member, which no package has", name)
		}
	}
	return nil
}
