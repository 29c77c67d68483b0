package source

import (
	"context"
	"os"
	"path"
)

// openOVF opens a package that lies as single files in a directory.
func (o *opening) openOVF(ctx context.Context, file section) error {
	found, err := detect(file)
	if err != nil {
		return err
	}
	if found != formatXML && found != formatRaw {
		return expect(file, TypeOVF, found)
	}
	// The descriptor's true name tells that of its checksums.
	name := path.Base(file.path)
	return o.openPackage(ctx, &ovfPackage{
		name: file.name,
		list: func() []string {
			entries, err := os.ReadDir(o.files.allowed.own())
			if err != nil {
				return nil // it only serves to find more
			}
			names := make([]string, len(entries))
			for n, entry := range entries {
				names[n] = entry.Name()
			}
			return names
		},
		find: func(_ context.Context, name string) (section, error) {
			s, err := o.files.neighbour(file, name)
			s.name = name
			return s, err
		},
	}, name)
}
