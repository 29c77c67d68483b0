package source

import "context"

// openOVA opens a package in one file.
func (o *opening) openOVA(ctx context.Context, archive section) error {
	found, err := detect(archive)
	if err != nil {
		return err
	}
	var p *ovfPackage
	switch found {
	case formatTar:
		p, err = openTar(archive)
	case formatGzip, formatXZ, formatBzip2, formatZstd:
		p, err = o.openCompressedTar(ctx, archive, found)
	case formatZip:
		p, err = openZip(archive, o.work)
	default:
		return expect(archive, TypeOVA, found)
	}
	if err != nil {
		return err
	}
	descriptor, err := p.descriptor()
	if err != nil {
		return err
	}
	return o.openPackage(ctx, p, descriptor)
}

// openTar finds the members of a plain archive, which are used where they lie.
func openTar(archive section) (*ovfPackage, error) {
	found, err := listTar(archive.reader(), archive.size)
	if err != nil {
		return nil, unsoundArchive(archive, err)
	}
	p := found.asPackage(archive.name, func(_ context.Context, name string, member tarMember) (section, error) {
		return archive.part(name, member.offset, member.size), nil
	})
	p.padded = true
	return p, nil
}
