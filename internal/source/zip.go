package source

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// openZip takes a package that was zipped. Members that are stored are used
// where they lie, the others are unpacked when they are needed.
func (o *opening) openZip(archive span) (*parcel, error) {
	reader, err := zip.NewReader(archive, archive.size)
	if err != nil {
		return nil, damaged(archive.name, err.Error())
	}
	files := map[string]*zip.File{}
	p := &parcel{name: archive.name}
	for _, file := range reader.File {
		if strings.HasSuffix(file.Name, "/") {
			continue
		}
		name, err := memberName(file.Name)
		switch {
		case err != nil:
		case !file.Mode().IsRegular():
			err = fmt.Errorf("%s is %s, which no package has", printable(file.Name), kindOfNode(file.Mode()))
		case files[name] != nil:
			err = fmt.Errorf("%s occurs twice", printable(name))
		case len(files) == maxMembers:
			err = fmt.Errorf("it has more than %d files", maxMembers)
		}
		if err != nil {
			return nil, hostileArchive(archive, err)
		}
		files[name] = file
		p.names = append(p.names, name)
	}
	unpacked := map[string]span{}
	p.find = func(name string) (span, error) {
		file := files[name]
		if file == nil {
			return span{}, fs.ErrNotExist
		}
		if s, done := unpacked[name]; done {
			return s, nil
		}
		s, err := o.zipMember(archive, file, name)
		if err == nil {
			unpacked[name] = s
		}
		return s, err
	}
	return p, nil
}

func (o *opening) zipMember(archive span, file *zip.File, name string) (span, error) {
	if file.UncompressedSize64 > 1<<62 {
		return span{}, hostileArchive(archive, fmt.Errorf("%s declares an impossible size", printable(name)))
	}
	size := int64(file.UncompressedSize64)
	if file.Method == zip.Store {
		offset, err := file.DataOffset()
		if err != nil || offset > archive.size || size > archive.size-offset {
			return span{}, damaged(archive.name, fmt.Sprintf("%s ends behind the archive's end", printable(name)))
		}
		return archive.part(name, offset, size), nil
	}
	content, err := file.Open()
	if err != nil {
		return span{}, fmt.Errorf("unpacking %s: %w", printable(name), err)
	}
	defer func() { _ = content.Close() }()
	return o.unpack(content, name, size)
}

// hostileArchive is the refusal of an archive whose members are not what those
// of a package are.
func hostileArchive(archive span, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return damaged(archive.name, "it ends before its content")
	}
	return refuse(fmt.Sprintf("%s is no sound package: %v", archive.name, err), "export it again from where it came from")
}
