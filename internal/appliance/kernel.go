//go:build linux

package appliance

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// kernel is one that an appliance can be built with.
type kernel struct{ file, modules string }

// kernel returns what supermin builds with: SUPERMIN_KERNEL, or the newest that
// has its modules. It takes that one also if it cannot read it. Of an error, the
// kernel is the zero value.
func (h applianceHost) kernel() (kernel, error) {
	kernels := h.kernels()
	unused := ""
	if _, err := h.chosenKernel(); err != nil {
		unused = fmt.Sprintf("; %s, which SUPERMIN_KERNEL names, is not used (%v)", os.Getenv("SUPERMIN_KERNEL"), err)
	}
	if len(kernels) == 0 {
		what := "the appliance needs a kernel, and there is none in " + h.boot
		if found, _ := filepath.Glob(filepath.Join(h.boot, "vmlinu[xz]-*")); len(found) > 0 { // the pattern is a good one
			what = fmt.Sprintf("the appliance needs a kernel with its modules, and %s has none in %s", found[len(found)-1], h.modules)
		}
		return kernel{}, missing(what+unused,
			"install one, whether or not this host runs it (Debian: linux-image-cloud-amd64; Ubuntu: linux-image-virtual; Fedora, RHEL: kernel-core), or let SUPERMIN_KERNEL name a readable copy")
	}
	chosen := kernels[0]
	err := readable(chosen.file)
	if err == nil {
		if err = readable(filepath.Join(chosen.modules, "modules.dep")); err == nil {
			return chosen, nil
		}
		return kernel{}, missing(fmt.Sprintf("the appliance needs the modules of the kernel %s, which cannot be read (%v)%s", chosen.file, err, unused),
			"make them readable for this user, or install that kernel again")
	}
	if os.Getenv("SUPERMIN_KERNEL") == chosen.file {
		return kernel{}, missing(fmt.Sprintf("the appliance needs a kernel, and this user may not read %s, which SUPERMIN_KERNEL names (%v)", chosen.file, err),
			"let SUPERMIN_KERNEL name "+readableOf(h.installedKernels())+", or unset it")
	}
	return kernel{}, missing(fmt.Sprintf("the appliance needs a kernel, and this user may not read %s (%v)%s", chosen.file, err, unused),
		fmt.Sprintf("make it readable, as root: chmod 0644 %s; or let SUPERMIN_KERNEL name %s", chosen.file, readableOf(kernels[1:])))
}

// readableOf is what SUPERMIN_KERNEL can name.
func readableOf(kernels []kernel) string {
	for _, one := range kernels {
		if readable(one.file) == nil {
			return "another, such as " + one.file
		}
	}
	return "a readable copy"
}

// readable returns why a file cannot be read, without its name.
func readable(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return withoutName(err)
	}
	return file.Close()
}

// kernels are those that supermin would choose from, its choice first.
func (h applianceHost) kernels() []kernel {
	if chosen, err := h.chosenKernel(); err == nil && chosen.file != "" {
		return []kernel{chosen}
	}
	return h.installedKernels()
}

// chosenKernel is that of SUPERMIN_KERNEL, or the zero value where that is not
// set. The error is why supermin passes it over: it does, without a word, where
// it cannot tell its version.
func (h applianceHost) chosenKernel() (kernel, error) {
	file := os.Getenv("SUPERMIN_KERNEL")
	if file == "" {
		return kernel{}, nil
	}
	if version := cmp.Or(os.Getenv("SUPERMIN_KERNEL_VERSION"), h.version(file)); version != "" {
		return kernel{file, h.modulesOf(version)}, nil
	}
	if err := readable(file); err != nil {
		return kernel{}, err
	}
	return kernel{}, errors.New("it tells no version, as a kernel does; SUPERMIN_KERNEL_VERSION can")
}

// installedKernels are those that the host's packages have brought.
func (h applianceHost) installedKernels() []kernel {
	// The patterns are good ones: there is no error.
	found, _ := filepath.Glob(filepath.Join(h.modules, "*", "vmlinuz"))
	if len(found) > 0 {
		slices.SortFunc(found, func(a, b string) int {
			return compareVersions(filepath.Base(filepath.Dir(b)), filepath.Base(filepath.Dir(a)))
		})
		kernels := make([]kernel, len(found))
		for n, file := range found {
			kernels[n] = kernel{file, filepath.Dir(file)}
		}
		return kernels
	}
	files := h.images(machinePatterns()...)
	if len(files) == 0 {
		files = h.images("vmlinu?-*")
	}
	slices.SortFunc(files, func(a, b string) int { return compareVersions(b, a) })
	var kernels []kernel
	for _, name := range files {
		file := filepath.Join(h.boot, name)
		if version := h.version(file); version != "" {
			if modules := h.modulesOf(version); isFile(filepath.Join(modules, "modules.dep")) {
				kernels = append(kernels, kernel{file, modules})
			}
		}
	}
	return kernels
}

// images are the names of the kernels in boot; those for Xen's guests do not
// count.
func (h applianceHost) images(patterns ...string) (names []string) {
	for _, pattern := range patterns {
		found, _ := filepath.Glob(filepath.Join(h.boot, pattern)) // the pattern is a good one
		for _, file := range found {
			if name := filepath.Base(file); !strings.Contains(name, "xen") {
				names = append(names, name)
			}
		}
	}
	return names
}

// machinePatterns are the names of kernels for this machine's processor, where
// distributions have such.
func machinePatterns() []string {
	if runtime.GOARCH == "amd64" {
		return []string{"vmlinu?-*-amd64", "vmlinu?-*-x86_64"}
	}
	return nil
}

func (h applianceHost) modulesOf(version string) string {
	return cmp.Or(os.Getenv("SUPERMIN_MODULES"), filepath.Join(h.modules, version))
}

// version is that of a kernel by its header, or, where that cannot be read, by
// its name if there are such modules; "" if neither tells.
func (h applianceHost) version(file string) string {
	if version := headerVersion(file); version != "" {
		return version
	}
	name := filepath.Base(file)
	for _, prefix := range []string{"vmlinuz-", "vmlinux-"} {
		if version, ok := strings.CutPrefix(name, prefix); ok && isFile(filepath.Join(h.modules, version, "modules.dep")) {
			return version
		}
	}
	return ""
}

// headerVersion reads what Linux's x86 boot protocol calls kernel_version.
func headerVersion(path string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = file.Close() }()
	var header [14]byte // from 514 on
	if _, err := file.ReadAt(header[:], 514); err != nil || string(header[:4]) != "HdrS" || binary.LittleEndian.Uint16(header[4:]) < 0x1ff {
		return ""
	}
	var text [132]byte
	if n, err := file.ReadAt(text[:], int64(binary.LittleEndian.Uint16(header[12:]))+0x200); err != nil && err != io.EOF || n < len(text) {
		return ""
	}
	end := slices.IndexFunc(text[:], func(c byte) bool { return c == 0 || c == ' ' || c == '\t' || c == '\n' })
	return string(text[:max(end, 0)])
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

var versionPart = regexp.MustCompile(`^(?:[0-9]+|[a-zA-Z]+|.)`)

// compareVersions orders as supermin does: by numbers, letters and single other
// characters, of which at the same place letters come before numbers and these
// before others.
func compareVersions(a, b string) int {
	for a != "" && b != "" {
		x, y := versionPart.FindString(a), versionPart.FindString(b)
		a, b = a[max(len(x), 1):], b[max(len(y), 1):]
		kind, number := versionKind(x)
		otherKind, otherNumber := versionKind(y)
		order := cmp.Compare(kind, otherKind)
		switch {
		case order != 0:
		case kind == numberPart:
			order = cmp.Compare(number, otherNumber)
		default:
			order = strings.Compare(x, y)
		}
		if order != 0 {
			return order
		}
	}
	return cmp.Compare(len(a), len(b))
}

// The kinds of a version's parts, in supermin's order.
const (
	letterPart = iota
	numberPart
	otherPart
)

func versionKind(part string) (kind int, number uint64) {
	switch c := (part + "\n")[0]; {
	case c >= '0' && c <= '9':
		number, _ = strconv.ParseUint(part, 10, 64)
		return numberPart, number
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		return letterPart, 0
	default:
		return otherPart, 0
	}
}
