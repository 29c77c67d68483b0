package initramfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/cavaliergopher/cpio"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// AppendRequest is what an image is to be extended by.
type AppendRequest struct {
	Version string   // of the kernel
	Modules []string // wanted; their dependencies follow by themselves
	// Files replaces configuration files of the image, by path in it.
	Files map[string]string
}

// ModuleTree reads a file under the guest's /lib/modules/<version>:
// "modules.dep", "kernel/drivers/block/virtio_blk.ko.xz".
type ModuleTree func(name string) ([]byte, error)

// Append is an archive to be put directly behind an image.
type Append struct {
	Data    []byte   // padding included
	Modules []string // the modules in it, normalised, dependencies first
}

// ErrCannotExtend is wrapped by errors that say why an image cannot be
// extended and has to be built anew.
var ErrCannotExtend = errors.New("image cannot be extended")

// Append builds the archive that extends the image. It holds the missing
// modules, decompressed (the image's own loader may know no compression), and
// module indexes for all modules that the image has then: exactly what depmod
// would write for that set. A nil Data says that nothing is missing.
func (i *Image) Append(request AppendRequest, tree ModuleTree) (*Append, error) {
	if i.Generator == GeneratorBooster {
		return nil, fmt.Errorf("%w: booster's init reads its own list of modules", ErrCannotExtend)
	}
	s := &Append{}
	files := map[string][]byte{}
	for name, text := range request.Files {
		files[name] = []byte(text)
	}
	if slices.ContainsFunc(request.Modules, func(m string) bool { return !i.HasModule(request.Version, m) }) {
		added, err := i.addModules(request, tree, files)
		if err != nil {
			return nil, err
		}
		s.Modules = added
	}
	if len(files) == 0 {
		return s, nil
	}
	archive, err := i.archive(files)
	if err != nil {
		return nil, err
	}
	s.Data, err = i.pack(archive)
	return s, err
}

func (i *Image) addModules(request AppendRequest, tree ModuleTree, files map[string][]byte) ([]string, error) {
	data, err := tree("modules.dep")
	if err != nil {
		return nil, fmt.Errorf("%w: modules.dep of kernel %s: %w", ErrCannotExtend, request.Version, err)
	}
	dependencies := ParseDependencies(data)
	order, err := dependencies.Closure(request.Modules...)
	if err != nil {
		return nil, fmt.Errorf("%w: kernel %s: %w", ErrCannotExtend, request.Version, err)
	}
	root := i.moduleRoot(request.Version)
	var added []string
	present := map[string]string{} // name: path under root
	for name, file := range i.modules[request.Version] {
		present[name] = strings.TrimPrefix(file, root+"/")
	}
	for _, name := range order {
		if i.HasModule(request.Version, name) {
			continue
		}
		source := dependencies.path[name]
		packed, err := tree(source)
		if err != nil {
			return nil, fmt.Errorf("module %s of kernel %s: %w", name, request.Version, err)
		}
		content, err := UnpackModule(source, packed)
		if err != nil {
			return nil, err
		}
		target := plainModule(source)
		files[path.Join(root, target)] = content
		present[name] = target
		added = append(added, name)
	}
	return added, i.addIndexes(request.Version, tree, dependencies, present, added, files)
}

func plainModule(file string) string {
	for _, suffix := range moduleSuffixes[1:] {
		if base, ok := strings.CutSuffix(file, suffix); ok {
			return base + ".ko"
		}
	}
	return file
}

// addIndexes writes the indexes for the modules present after that:
// what the image's own indexes say of its modules, and what the guest's say of
// the added ones and of those that the image carries no text for.
func (i *Image) addIndexes(version string, tree ModuleTree, guest Dependencies,
	present map[string]string, added []string, files map[string][]byte,
) error {
	root := i.moduleRoot(version)
	own := ParseDependencies(i.indexes[path.Join(root, "modules.dep")])

	var text strings.Builder
	var binary index
	for n, name := range slices.Sorted(maps.Keys(present)) {
		on := own.on[name]
		_, known := own.path[name]
		if !known {
			on = guest.on[name]
			_, known = guest.path[name]
		}
		if !known {
			return fmt.Errorf("%w: neither its own modules.dep nor the guest's lists module %s", ErrCannotExtend, name)
		}
		line := present[name] + ":"
		for _, dependency := range on {
			file, ok := present[dependency]
			if !ok {
				file = guest.path[dependency]
			}
			if file != "" {
				line += " " + file
			}
		}
		text.WriteString(line + "\n")
		binary.add(name, line, uint32(n))
	}
	files[path.Join(root, "modules.dep")] = []byte(text.String())
	files[path.Join(root, "modules.dep.bin")] = binary.bytes()

	for _, base := range []string{"modules.alias", "modules.symbols"} {
		if err := i.addAliases(root, base, tree, present, added, files); err != nil {
			return err
		}
	}
	if err := i.addSoftdeps(root, tree, present, added, files); err != nil {
		return err
	}
	if len(i.modules[version]) > 0 {
		return nil
	}
	// The image had no module directory at all: libkmod wants these, too.
	for _, base := range []string{
		"modules.builtin", "modules.builtin.bin", "modules.builtin.alias.bin",
		"modules.builtin.modinfo", "modules.order",
	} {
		if data, err := tree(base); err == nil {
			files[path.Join(root, base)] = data
		}
	}
	return nil
}

// addAliases merges a text index of lines "alias <pattern> <module>".
func (i *Image) addAliases(root, base string, tree ModuleTree, present map[string]string, added []string, files map[string][]byte) error {
	data, err := tree(base)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCannotExtend, err)
	}
	own, hasOwn := i.indexes[path.Join(root, base)]
	var text strings.Builder
	var binary index
	n := uint32(0)
	take := func(data []byte, wanted func(module string) bool) {
		for line := range lines(data) {
			f := strings.Fields(line)
			if len(f) != 3 || f[0] != "alias" || !wanted(ModuleName(f[2])) {
				continue
			}
			text.WriteString(line + "\n")
			binary.add(aliasKey(f[1]), f[2], n)
			n++
		}
	}
	take(own, func(string) bool { return true })
	take(data, func(module string) bool {
		if hasOwn {
			return slices.Contains(added, module)
		}
		_, ok := present[module]
		return ok
	})
	files[path.Join(root, base)] = []byte(text.String())
	files[path.Join(root, base+".bin")] = binary.bytes()
	return nil
}

func (i *Image) addSoftdeps(root string, tree ModuleTree, present map[string]string, added []string, files map[string][]byte) error {
	data, err := tree("modules.softdep")
	if err != nil {
		return nil //nolint:nilerr // an optional file
	}
	name := path.Join(root, "modules.softdep")
	own, hasOwn := i.indexes[name]
	text := string(own)
	for line := range lines(data) {
		f := strings.Fields(line)
		if len(f) < 2 || f[0] != "softdep" {
			continue
		}
		module := ModuleName(f[1])
		_, there := present[module]
		if hasOwn && slices.Contains(added, module) || !hasOwn && there {
			text += line + "\n"
		}
	}
	if text != string(own) {
		files[name] = []byte(text)
	}
	return nil
}

// archive writes the files and the directories that the image lacks as cpio
// in the newc format. Paths are those of the image itself, so no directory
// entry meets a symbolic link.
func (i *Image) archive(files map[string][]byte) ([]byte, error) {
	var out bytes.Buffer
	w := cpio.NewWriter(&out)
	made := map[string]bool{".": true}
	var directory func(name string) error
	directory = func(name string) error {
		if made[name] || i.dirs[name] {
			return nil
		}
		if err := directory(path.Dir(name)); err != nil {
			return err
		}
		made[name] = true
		return w.WriteHeader(&cpio.Header{Name: name, Mode: cpio.TypeDir | 0o755, Links: 2})
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := directory(path.Dir(name)); err != nil {
			return nil, err
		}
		content := files[name]
		header := &cpio.Header{Name: name, Mode: cpio.TypeReg | 0o644, Links: 1, Size: int64(len(content))}
		if err := w.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := w.Write(content); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// packWindow is how far back Zstandard looks for what it has seen, in bytes. The library
// allocates all of it for the smallest archive, and at its own default 16 MB.
const packWindow = 1 << 20

// pack compresses an archive as the image's last segment is: that this kernel
// unpacks that compression is proven. Where it cannot be written here, the
// archive stays plain, which every kernel takes.
func (i *Image) pack(archive []byte) ([]byte, error) {
	last := i.Segments[len(i.Segments)-1]
	end := last.Offset + last.Size
	padding := make([]byte, (4-i.Size%4)%4)
	switch last.Compression {
	case CompressionGzip:
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		if _, err := w.Write(archive); err != nil {
			return nil, err
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
		return append(padding, out.Bytes()...), nil
	case CompressionZstd:
		w, err := zstd.NewWriter(io.Discard, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(packWindow), zstd.WithLowerEncoderMem(true))
		if err != nil {
			return nil, err
		}
		return append(padding, w.EncodeAll(archive, nil)...), nil
	case CompressionLZ4:
		if i.Size != end {
			break
		}
		// An lz4 stream has no end mark: kernels before 5.9 find what follows
		// only when it is another frame with no padding before. The archives
		// inside are padded instead.
		padding = make([]byte, (4-last.Uncompressed%4)%4)
		return compressLZ4(append(padding, archive...))
	}
	return append(padding, archive...), nil
}
