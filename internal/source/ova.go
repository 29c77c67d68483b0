package source

// openOVA opens a package in one file.
func (o *opening) openOVA(archive section) error {
	found, err := detect(archive)
	if err != nil {
		return err
	}
	var p *ovfPackage
	switch found {
	case formatTar:
		p, err = o.openTar(archive)
	case formatGzip, formatXZ, formatBzip2, formatZstd:
		p, err = o.openCompressedTar(archive, found)
	case formatZip:
		p, err = o.openZip(archive)
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
	return o.openPackage(p, descriptor)
}

// openTar finds the members of a plain archive, which are used where they lie.
func (o *opening) openTar(archive section) (*ovfPackage, error) {
	found, err := listTar(archive.reader(), archive.size)
	if err != nil {
		return nil, unsoundArchive(archive, err)
	}
	p := found.asPackage(archive.name, func(name string, member tarMember) (section, error) {
		return archive.part(name, member.offset, member.size), nil
	})
	p.padded = true
	return p, nil
}
