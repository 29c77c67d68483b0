//go:build linux

package appliance

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// TestApplianceHost builds hosts of empty files: what a host lacks is all said at
// once.
func TestApplianceHost(t *testing.T) {
	debian := []string{"lib/supermin.d/base.tar.gz", "lib/supermin.d/packages", "supermin", "boot/vmlinuz-6.1.0-9-amd64", "modules/6.1.0-9-amd64/modules.dep"}
	built := []string{"cache/.guestfs-UID/appliance.d/kernel", "cache/.guestfs-UID/appliance.d/initrd", "cache/.guestfs-UID/appliance.d/root"}
	fixed := []string{"lib/README.fixed", "lib/kernel", "lib/initrd", "lib/root"}
	with := func(files []string, more ...string) []string { return slices.Concat(files, more) }
	without := func(files []string, name string) []string {
		return slices.DeleteFunc(slices.Clone(files), func(file string) bool { return strings.Contains(file, name) })
	}
	const enough = 1 << 30
	for name, test := range map[string]struct {
		files       []string
		environment map[string]string
		unreadable  string // a kernel
		stale       bool   // what was built is older than the packages
		free, more  int64  // in the cache and where supermin works; 0: enough
		inodes      int64  // 0: enough
		edit        func(*applianceHost)
		want        []string // one for each lack: in it or its remedy
	}{
		"a Debian host":                  {files: debian},
		"a Fedora host":                  {files: with(without(debian, "vmlinuz"), "modules/6.1.0-9-amd64/vmlinuz")},
		"a fixed appliance":              {files: fixed, free: 1 << 20, more: 1},
		"an old-style appliance":         {files: []string{"lib/vmlinuz." + machine(), "lib/initramfs." + machine() + ".img"}},
		"half a fixed appliance":         {files: without(fixed, "root"), want: []string{"no appliance in", "there is none in BOOT"}},
		"half a recipe":                  {files: without(debian, "packages"), want: []string{"no appliance in"}},
		"nothing of an appliance":        {files: without(debian, "lib/"), want: []string{"no appliance in"}},
		"the recipe comes first":         {files: with(fixed, "lib/supermin.d/base.tar.gz", "lib/supermin.d/packages", "supermin"), want: []string{"there is none in BOOT"}},
		"no supermin":                    {files: debian, edit: func(h *applianceHost) { h.supermin = nil }, want: []string{"supermin, which builds"}},
		"built":                          {files: with(without(debian, "vmlinuz"), built...), free: 2 << 20, more: 1 << 20},
		"built, and older than packages": {files: with(without(debian, "vmlinuz"), built...), stale: true, want: []string{"there is none in BOOT"}},
		"half built":                     {files: with(without(debian, "vmlinuz"), built[:2]...), want: []string{"there is none in BOOT"}},

		"no kernel":                        {files: without(debian, "vmlinuz"), want: []string{"there is none in BOOT; install one, whether or not this host runs it (Debian: linux-image-cloud-amd64"}},
		"a kernel without modules":         {files: without(debian, "modules.dep"), want: []string{"BOOT/vmlinuz-6.1.0-9-amd64 has none in MODULES"}},
		"only a kernel for Xen's guests":   {files: with(without(debian, "boot"), "boot/vmlinuz-6.1.0-9-xen", "modules/6.1.0-9-xen/modules.dep"), want: []string{"the appliance needs a kernel"}},
		"an unreadable kernel":             {files: debian, unreadable: "boot/vmlinuz-6.1.0-9-amd64", want: []string{"may not read BOOT/vmlinuz-6.1.0-9-amd64 (no such file or directory); make it readable, as root: chmod 0644 BOOT/vmlinuz-6.1.0-9-amd64; or let SUPERMIN_KERNEL name a readable copy"}},
		"the newest is unreadable":         {files: with(debian, "boot/vmlinuz-6.1.0-10-amd64", "modules/6.1.0-10-amd64/modules.dep"), unreadable: "boot/vmlinuz-6.1.0-10-amd64", want: []string{"let SUPERMIN_KERNEL name another, such as BOOT/vmlinuz-6.1.0-9-amd64"}},
		"an older one is unreadable":       {files: with(debian, "boot/vmlinuz-6.1.0-10-amd64", "modules/6.1.0-10-amd64/modules.dep"), unreadable: "boot/vmlinuz-6.1.0-9-amd64"},
		"unreadable, and no modules":       {files: with(debian, "boot/vmlinuz-6.1.0-10-amd64"), unreadable: "boot/vmlinuz-6.1.0-10-amd64"},
		"a kernel by the environment":      {files: with(without(debian, "vmlinuz"), "k"), environment: map[string]string{"SUPERMIN_KERNEL": "ROOT/k", "SUPERMIN_KERNEL_VERSION": "6.1.0-9-amd64"}},
		"modules by the environment":       {files: with(without(debian, "vmlinuz"), "k", "m/modules.dep"), environment: map[string]string{"SUPERMIN_KERNEL": "ROOT/k", "SUPERMIN_KERNEL_VERSION": "9", "SUPERMIN_MODULES": "ROOT/m"}},
		"no such modules":                  {files: with(without(debian, "vmlinuz"), "k"), environment: map[string]string{"SUPERMIN_KERNEL": "ROOT/k", "SUPERMIN_KERNEL_VERSION": "9"}, want: []string{"the modules of the kernel ROOT/k, which cannot be read"}},
		"no such kernel":                   {files: without(debian, "vmlinuz"), environment: map[string]string{"SUPERMIN_KERNEL": "ROOT/k", "SUPERMIN_KERNEL_VERSION": "6.1.0-9-amd64"}, want: []string{"may not read ROOT/k, which SUPERMIN_KERNEL names (no such file or directory); let SUPERMIN_KERNEL name a readable copy, or unset it"}},
		"no such kernel, and others":       {files: debian, environment: map[string]string{"SUPERMIN_KERNEL": "ROOT/k", "SUPERMIN_KERNEL_VERSION": "6.1.0-9-amd64"}, want: []string{"(no such file or directory); let SUPERMIN_KERNEL name another, such as BOOT/vmlinuz-6.1.0-9-amd64, or unset it"}},
		"a kernel that is not used":        {files: without(debian, "vmlinuz"), environment: map[string]string{"SUPERMIN_KERNEL": "ROOT/k"}, want: []string{"there is none in BOOT; ROOT/k, which SUPERMIN_KERNEL names, is not used (no such file or directory); install one"}},
		"a file that is no kernel":         {files: debian, environment: map[string]string{"SUPERMIN_KERNEL": "ROOT/supermin"}, unreadable: "boot/vmlinuz-6.1.0-9-amd64", want: []string{"ROOT/supermin, which SUPERMIN_KERNEL names, is not used (it tells no version, as a kernel does; SUPERMIN_KERNEL_VERSION can); make it readable"}},
		"a kernel that tells no version":   {files: with(debian, "k"), environment: map[string]string{"SUPERMIN_KERNEL": "ROOT/k"}},
		"little space":                     {files: debian, free: 100 << 20, want: []string{"the appliance is kept in ROOT/cache (LIBGUESTFS_CACHEDIR), where that takes at least 255 MiB and 100 MiB are free; let LIBGUESTFS_CACHEDIR name a directory that this user may write, with 300 MiB free"}},
		"little space to work":             {files: debian, more: 5 << 20, want: []string{"supermin, which builds the appliance, works in ROOT/build (TMPDIR), where that takes at least 7 MiB and 5 MiB are free; let TMPDIR name"}},
		"little space in both":             {files: debian, free: 100 << 20, more: 5 << 20, want: []string{"LIBGUESTFS_CACHEDIR", "TMPDIR"}},
		"no more files":                    {files: debian, inodes: 5, want: []string{"where about 20 files are made and 5 more can be", "where about 500 files are made"}},
		"one directory for both":           {files: debian, free: 258 << 20, edit: func(h *applianceHost) { h.cache = directory{h.build.path, "TMPDIR"} }, more: 258 << 20, want: []string{"the appliance is built and kept in ROOT/build (TMPDIR), where that takes at least 262 MiB and 258 MiB are free; let TMPDIR name"}},
		"one file system for both":         {files: debian, free: 258 << 20, more: 258 << 20, edit: func(h *applianceHost) { h.build = directory{filepath.Join(h.cache.path, "sub"), "TMPDIR"} }, want: []string{"at least 262 MiB", "works in ROOT/cache/sub (TMPDIR), which does not exist"}},
		"the directories do not exist":     {files: debian, edit: func(h *applianceHost) { h.cache.path += "x"; h.build.path += "x"; h.sockets.path += "x" }, want: []string{"ROOT/cachex (LIBGUESTFS_CACHEDIR), which does not exist", "ROOT/buildx (TMPDIR), which does not exist", "sockets in ROOT/socketsx, which does not exist"}},
		"the directories are files":        {files: debian, edit: func(h *applianceHost) { h.cache.path, h.build.path = h.supermin[0], h.supermin[0] }, want: []string{"kept in ROOT/supermin (LIBGUESTFS_CACHEDIR), where .guestfs-UID cannot be used (not a directory)", "which is no directory"}},
		"a cache of another user":          {files: with(debian, "cache/.guestfs-4711/x"), edit: func(h *applianceHost) { h.uid = 4711 }, want: []string{"where .guestfs-4711 belongs to the user UID, and 4711 runs this"}},
		"a file in place of the cache":     {files: with(debian, "cache/.guestfs-UID"), want: []string{"where .guestfs-UID is no directory"}},
		"sockets with a long path":         {files: debian, edit: func(h *applianceHost) { h.sockets = directory{longDirectory(h.cache.path), "XDG_RUNTIME_DIR"} }, want: []string{"where a socket's path has 12"}},
		"a directory that is not known":    {files: debian, edit: func(h *applianceHost) { h.cache, h.build = directory{}, directory{} }},
		"no library":                       {files: without(debian, "vmlinuz"), edit: func(h *applianceHost) { h.path = nil }, free: 1 << 20, want: []string{"there is none in BOOT", "LIBGUESTFS_CACHEDIR"}},
		"fixed, and nothing can be kept":   {files: fixed, edit: func(h *applianceHost) { h.cache.path += "x" }, want: []string{"which does not exist; let LIBGUESTFS_CACHEDIR name a directory that this user may write, with 2 MiB free"}},
		"fixed, and QEMU is known":         {files: fixed, free: 1, edit: rememberQEMU},
		"all is missing, and said at once": {files: without(debian, "vmlinuz"), free: 1 << 20, more: 1 << 20, edit: func(h *applianceHost) { h.supermin = nil; h.sockets.path += "x" }, want: []string{"supermin", "a kernel", "LIBGUESTFS_CACHEDIR", "TMPDIR", "sockets"}},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			resolved := strings.NewReplacer("ROOT", root, "BOOT", filepath.Join(root, "boot"), "MODULES", filepath.Join(root, "modules"), "UID", fmt.Sprint(os.Geteuid()))
			for _, name := range []string{"SUPERMIN_KERNEL", "SUPERMIN_KERNEL_VERSION", "SUPERMIN_MODULES"} {
				t.Setenv(name, resolved.Replace(test.environment[name]))
			}
			for _, directory := range []string{"cache", "build", "sockets"} {
				if err := os.Mkdir(filepath.Join(root, directory), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			for _, file := range test.files {
				makeFile(t, filepath.Join(root, resolved.Replace(file)))
			}
			if test.unreadable != "" { // a link to nothing is what root cannot read either
				full := filepath.Join(root, test.unreadable)
				if err := errors.Join(os.Remove(full), os.Symlink("nothing", full)); err != nil {
					t.Fatal(err)
				}
			}
			database := filepath.Join(root, "database")
			makeFile(t, database)
			age := -time.Hour
			if test.stale {
				age = time.Hour
			}
			for _, path := range []string{database, filepath.Join(root, "lib", "supermin.d")} {
				if err := os.Chtimes(path, time.Time{}, time.Now().Add(age)); err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Fatal(err)
				}
			}
			host := applianceHost{
				path: []string{filepath.Join(root, "absent"), filepath.Join(root, "lib")},
				boot: filepath.Join(root, "boot"), modules: filepath.Join(root, "modules"),
				supermin: []string{filepath.Join(root, "supermin")}, databases: []string{database},
				cache:   directory{filepath.Join(root, "cache"), "LIBGUESTFS_CACHEDIR"},
				build:   directory{filepath.Join(root, "build"), "TMPDIR"},
				sockets: directory{path: filepath.Join(root, "sockets")},
				uid:     os.Geteuid(),
			}
			host.measure = func(path string) (fileSystem, error) {
				found := fileSystem{device: 1, free: enough, files: -1}
				if test.inodes != 0 {
					found.files = test.inodes
				}
				if strings.HasPrefix(path, filepath.Join(root, "cache")) && test.free != 0 {
					found.free = test.free
				}
				if strings.HasPrefix(path, filepath.Join(root, "build")) {
					found.device = 2
					if test.more != 0 {
						found.free = test.more
					}
				}
				return found, nil
			}
			if test.edit != nil {
				test.edit(&host)
			}
			compareLacks(t, host.check(), test.want, resolved)
		})
	}
}

// compareLacks wants as many, each with a remedy.
func compareLacks(t *testing.T, lacks []error, want []string, resolved *strings.Replacer) {
	t.Helper()
	var got []string
	for _, one := range lacks {
		if remedy.Of(one) == "" {
			t.Errorf("%v has no remedy", one)
			continue
		}
		got = append(got, one.Error()+"; "+remedy.Of(one))
	}
	if len(got) != len(want) {
		t.Fatalf("lacks %d, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
	}
	for n, text := range want {
		if text = resolved.Replace(text); !strings.Contains(got[n], text) {
			t.Errorf("lacks %q, want %q", got[n], text)
		}
	}
}

// rememberQEMU lets libguestfs know a QEMU.
func rememberQEMU(h *applianceHost) {
	h.qemu = h.databases[0]
	info, err := os.Stat(h.qemu)
	if err == nil {
		memo := filepath.Join(h.home(), fmt.Sprintf("qemu-%d-%d.stat", info.Size(), info.ModTime().Unix()))
		err = errors.Join(os.Mkdir(h.home(), 0o755), os.WriteFile(memo, nil, 0o600))
	}
	if err != nil {
		panic(err)
	}
}

func makeFile(t *testing.T, path string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, nil, 0o755)); err != nil {
		t.Fatal(err)
	}
}

// longDirectory is one with a path of 96 bytes or more.
func longDirectory(in string) string {
	at := filepath.Join(in, strings.Repeat("x", max(1, 96-len(in)-1)))
	_ = os.Mkdir(at, 0o755)
	return at
}

func TestKernelVersion(t *testing.T) {
	t.Parallel()
	image := make([]byte, 4096)
	copy(image[514:], "HdrS")
	binary.LittleEndian.PutUint16(image[518:], 0x20f)
	binary.LittleEndian.PutUint16(image[526:], 0x400)
	copy(image[0x600:], "6.1.0-9-amd64 (debian@example.org) #1")
	older := slices.Clone(image)
	binary.LittleEndian.PutUint16(older[518:], 0x1fe)
	for name, test := range map[string]struct {
		image []byte
		want  string
	}{
		"a kernel":           {image, "6.1.0-9-amd64"},
		"an older protocol":  {older, ""},
		"cut off":            {image[:0x610], ""},
		"no kernel":          {[]byte("text"), ""},
		"nothing but zeroes": {make([]byte, 4096), ""},
	} {
		path := filepath.Join(t.TempDir(), "vmlinuz-other")
		if err := os.WriteFile(path, test.image, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := (applianceHost{}).version(path); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// TestCompareVersions: supermin does not take the kernel that a plain comparison
// of names would.
func TestCompareVersions(t *testing.T) {
	t.Parallel()
	want := []string{"vmlinuz-5.10.0-9-amd64", "vmlinuz-6.1.0-9-amd64", "vmlinuz-6.1.0-10-amd64", "vmlinuz-6.1.0-10-cloud-amd64", "vmlinuz-6.1.10-1-amd64", "vmlinuz-6.12.0"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, compareVersions)
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for _, same := range [][2]string{{"6.1", "6.1"}, {"6.01", "6.1"}} {
		if compareVersions(same[0], same[1]) != 0 {
			t.Errorf("%v are not the same", same)
		}
	}
}
