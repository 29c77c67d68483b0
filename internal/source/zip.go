package source

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// openZip takes a package that was zipped. Members that are stored are used
// where they lie, the others are unpacked when they are needed.
func openZip(archive section, work *workDirectory) (*ovfPackage, error) {
	reader, err := zip.NewReader(archive, archive.size)
	if err != nil {
		return nil, damaged(archive.name, err.Error())
	}
	if len(reader.File) > maxMembers {
		return nil, unsoundArchive(archive, fmt.Errorf("it has more than %d files", maxMembers))
	}
	found := newMembers[*zip.File]()
	for _, file := range reader.File {
		// Old programs for Windows write their own separators, and letters as
		// DOS had them.
		written := strings.ReplaceAll(file.Name, `\`, "/")
		if decoded, err := charmap.CodePage437.NewDecoder().String(written); err == nil && file.NonUTF8 && !utf8.ValidString(written) {
			written = decoded
		}
		if strings.HasSuffix(written, "/") {
			continue
		}
		name, err := memberName(written)
		switch {
		case err != nil:
		case !file.Mode().IsRegular():
			err = fmt.Errorf("%s is %s, which no package has", printable(name), kindOfNode(file.Mode()))
		case found.files[name] != nil:
			err = fmt.Errorf("%s occurs twice", printable(name))
		}
		if err != nil {
			found.reject(name, err)
			continue
		}
		found.add(name, file)
	}
	unpacked := map[string]section{}
	return found.asPackage(archive.name, func(ctx context.Context, name string, file *zip.File) (section, error) {
		if s, done := unpacked[name]; done {
			return s, nil
		}
		s, err := zipMember(ctx, work, archive, file, name)
		if err == nil {
			unpacked[name] = s
		}
		return s, err
	}), nil
}

// zipEncrypted is the flag of a member that needs a password.
const zipEncrypted = 1

func zipMember(ctx context.Context, work *workDirectory, archive section, file *zip.File, name string) (section, error) {
	if file.UncompressedSize64 > 1<<62 {
		return section{}, unsoundArchive(archive, fmt.Errorf("%s declares an impossible size", printable(name)))
	}
	size := int64(file.UncompressedSize64)
	switch {
	case file.Flags&zipEncrypted != 0:
		return section{}, refuse(fmt.Sprintf("%s in %s is encrypted", printable(name), archive.name),
			"unpack it with its password, and use the descriptor with source.type ovf")
	case file.Method != zip.Store && file.Method != zip.Deflate:
		return section{}, refuse(fmt.Sprintf("%s in %s is compressed by method %d of zip, which cannot be read here", printable(name), archive.name, file.Method),
			"unpack it with the program that made it, or with 7z, and use the descriptor with source.type ovf")
	}
	if file.Method == zip.Store {
		offset, err := file.DataOffset()
		if err != nil || offset > archive.size || size > archive.size-offset {
			return section{}, damaged(archive.name, fmt.Sprintf("%s ends behind the archive's end", printable(name)))
		}
		member := archive.part(name, offset, size)
		member.sum = &digest{algorithm: crc32Algorithm, sum: fmt.Sprintf("%08x", file.CRC32), by: "the archive"}
		return member, nil
	}
	content, err := file.Open()
	if err != nil {
		return section{}, fmt.Errorf("unpacking %s: %w", printable(name), err)
	}
	defer func() { _ = content.Close() }()
	return work.unpack(ctx, content, name, size)
}

// unsoundArchive is the error of an archive that cannot be listed.
func unsoundArchive(archive section, err error) error {
	var cut *cutArchiveError
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return damaged(archive.name, "it ends before its content")
	}
	if errors.As(err, &cut) {
		return damaged(archive.name, cut.what)
	}
	return refuse(fmt.Sprintf("%s is no sound package: %v", archive.name, err),
		"compare its checksum with the original's, and copy or export it again; if its tool unpacks it without an error, "+
			"use the descriptor with source.type ovf")
}
