package drivers_test

import (
	"bytes"
	"crypto/x509"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/diskfs/go-diskfs/backend/file"
	"github.com/diskfs/go-diskfs/filesystem/iso9660"
	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/drivers"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/drivers/driverstest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry/registrytest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

var windows10 = registry.Software{Product: "Windows 10 Pro", Variant: "Client", Major: 10, Build: 19045}

// few are the files for Windows 10 and those for no version: writing all takes its
// time.
func few() fstest.MapFS {
	tree := driverstest.ISO()
	for at := range tree {
		if strings.Count(at, "/") == 3 && !strings.Contains(at, "/w10/") {
			delete(tree, at)
		}
	}
	return tree
}

func memory(tree fstest.MapFS) *drivers.Tree { return drivers.New("virtio-win.iso", tree) }

func open(t *testing.T, at string) *drivers.Tree {
	t.Helper()
	opened, err := drivers.Open(at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	return opened
}

// writeISO writes an image with the names of Rock Ridge.
func writeISO(t *testing.T, tree fstest.MapFS, to string) {
	t.Helper()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	image, err := iso9660.Create(file.New(out, false), 0, 0, 2048, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for at, content := range tree {
		if err := image.Mkdir(path.Dir(at)); err != nil {
			t.Fatal(err)
		}
		member, err := image.OpenFile(at, os.O_CREATE|os.O_RDWR)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := member.Write(content.Data); err != nil {
			t.Fatal(err)
		}
		if err := member.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := image.Finalize(iso9660.FinalizeOptions{RockRidge: true, VolumeIdentifier: "virtio-win"}); err != nil {
		t.Fatal(err)
	}
}

// summary is what a choice has, in lines.
func summary(c *drivers.Choice) []string {
	lines := []string{"version " + c.Version, "program " + c.Program.Source}
	for _, d := range c.Drivers {
		line := "driver " + d.INF()
		if d.Essential {
			line += " essential"
		}
		lines = append(lines, line)
	}
	for _, f := range c.Files {
		lines = append(lines, "file "+f.Name)
	}
	if c.Agent != nil {
		lines = append(lines, "agent "+c.Agent.Source)
	}
	if c.Balloon != nil {
		lines = append(lines, "balloon "+c.Balloon.Name)
	}
	for _, warning := range c.Warnings {
		lines = append(lines, "warning "+warning)
	}
	return lines
}

var forWindows10 = []string{
	"version w10", "program viostor/w10/amd64/viostor.sys",
	"driver viostor.inf essential", "driver netkvm.inf essential", "driver balloon.inf", "driver fwcfg.inf", "driver qxldod.inf",
	"driver viorng.inf", "driver vioscsi.inf", "driver vioser.inf",
	"file balloon.cat", "file balloon.inf", "file balloon.sys", "file blnsvr.exe", "file fwcfg.cat", "file fwcfg.inf",
	"file netkvm.cat", "file netkvm.inf", "file netkvm.sys", "file qxldod.cat", "file qxldod.inf", "file qxldod.sys",
	"file viorng.cat", "file viorng.inf", "file viorng.sys", "file vioscsi.cat", "file vioscsi.inf", "file vioscsi.sys",
	"file vioser.cat", "file vioser.inf", "file vioser.sys", "file viostor.cat", "file viostor.inf", "file viostor.sys",
	"file wdfcoinstaller01011.dll",
	"agent guest-agent/qemu-ga-x86_64.msi", "balloon blnsvr.exe",
}

// TestLayouts: an image, its content, the package, and all of it in capitals give
// the same.
func TestLayouts(t *testing.T) {
	t.Parallel()
	capitals := fstest.MapFS{}
	for at, content := range driverstest.ISO() {
		capitals[strings.ToUpper(at)] = content
	}
	byVersion := fstest.MapFS{}
	for at, content := range driverstest.Package() {
		if !strings.Contains(at, "by-driver") {
			byVersion[at] = content
		}
	}
	image, folder := filepath.Join(t.TempDir(), "virtio-win.iso"), t.TempDir()
	writeISO(t, few(), image)
	driverstest.Write(t, few(), folder)
	if err := os.Rename(filepath.Join(folder, "viostor/w10/amd64/viostor.cat"), filepath.Join(folder, "kept")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../../../kept", filepath.Join(folder, "viostor/w10/amd64/viostor.cat")); err != nil {
		t.Fatal(err)
	}
	for name, tree := range map[string]*drivers.Tree{
		"directory": open(t, folder),
		"image":     open(t, image),
		"all":       memory(driverstest.ISO()),
		"package":   memory(driverstest.Package()),
		"capitals":  memory(capitals),
		"versions":  memory(byVersion),
	} {
		t.Run(name, func(t *testing.T) {
			chosen, err := drivers.Choose(tree, windows10, "x86_64", "viostor")
			if err != nil {
				t.Fatal(err)
			}
			want := slices.Clone(forWindows10)
			got := summary(chosen)
			for n := range min(len(got), len(want)) {
				// Where a file lies differs.
				if what, source, _ := strings.Cut(got[n], " "); what == "program" || what == "agent" {
					got[n] = what + " " + strings.ToLower(path.Base(source))
					want[n] = what + " " + path.Base(want[n])
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			data, err := chosen.Read(chosen.Program)
			if want := "viostor for w10 on amd64"; err != nil || string(data) != want {
				t.Errorf("the program is %q, %v; want %q", data, err, want)
			}
		})
	}
}

// TestAccImageOfXorriso: an image as virtio-win's are made, by another writer, with
// Rock Ridge and Joliet, and cut short.
func TestAccImageOfXorriso(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("writes an image with xorriso, which make testacc has: set TF_ACC=1")
	}
	t.Parallel()
	image := driverstest.Image(t, driverstest.ISO())
	chosen, err := drivers.Choose(open(t, image), windows10, "x86_64", "viostor")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(forWindows10, summary(chosen)); diff != "" {
		t.Error(diff)
	}
}

// TestVersions: each Windows has its folder.
func TestVersions(t *testing.T) {
	t.Parallel()
	tree := memory(driverstest.ISO())
	for _, test := range []struct {
		major, minor, build int
		product, arch, want string
	}{
		{6, 0, 6002, "Windows Vista", "i386", "2k8"},
		{6, 0, 6003, "Windows Server 2008", "x86_64", "2k8"},
		{6, 1, 7601, "Windows 7 Ultimate", "i386", "w7"},
		{6, 1, 7601, "Windows Server 2008 R2 Standard", "x86_64", "2k8r2"},
		{6, 2, 9200, "Windows 8", "x86_64", "w8"},
		{6, 2, 9200, "Windows Server 2012", "x86_64", "2k12"},
		{6, 3, 9600, "Windows 8.1", "x86_64", "w8.1"},
		{6, 3, 9600, "Windows Server 2012 R2 Datacenter", "x86_64", "2k12r2"},
		{10, 0, 10240, "Windows 10 Enterprise LTSB", "i386", "w10"},
		{10, 0, 19045, "Windows 10 Pro", "aarch64", "w10"},
		{10, 0, 22000, "Windows 11 Home", "x86_64", "w11"},
		{10, 0, 26100, "Windows 11 Pro", "aarch64", "w11"},
		{10, 0, 14393, "Windows Server 2016 Standard", "x86_64", "2k16"},
		{10, 0, 17763, "Windows Server 2019 Standard", "x86_64", "2k19"},
		{10, 0, 19042, "Windows Server Standard", "x86_64", "2k19"}, // 20H2
		{10, 0, 20348, "Windows Server 2022 Standard", "x86_64", "2k22"},
		{10, 0, 25398, "Windows Server Datacenter", "x86_64", "2k22"}, // 23H2
		{10, 0, 26100, "Windows Server 2025 Standard", "x86_64", "2k25"},
	} {
		s := registry.Software{Product: test.product, Major: test.major, Minor: test.minor, Build: test.build}
		chosen, err := drivers.Choose(tree, s, test.arch, "vioscsi")
		if err != nil {
			t.Errorf("%s: %v", test.product, err)
			continue
		}
		in := "vioscsi/" + test.want + "/"
		if chosen.Version != test.want || !strings.HasPrefix(strings.ToLower(chosen.Program.Source), in) || len(chosen.Warnings) > 0 {
			t.Errorf("%s: version %s, %s, %q; want %s", test.product, chosen.Version, chosen.Program.Source, chosen.Warnings, in)
		}
	}
}

// TestFolderWithoutDots: plain ISO 9660 has none.
func TestFolderWithoutDots(t *testing.T) {
	t.Parallel()
	tree := fstest.MapFS{}
	for at, content := range driverstest.ISO() {
		tree[strings.ToUpper(strings.ReplaceAll(at, "/w8.1/", "/w8_1/"))] = content
	}
	s := registry.Software{Product: "Windows 8.1", Major: 6, Minor: 3}
	chosen, err := drivers.Choose(memory(tree), s, "x86_64", "viostor")
	if err != nil || chosen.Version != "w8.1" {
		t.Errorf("%+v, %v", chosen, err)
	}
}

// TestRefused: what there is not is said before anything is done, with what to do.
func TestRefused(t *testing.T) {
	t.Parallel()
	old := driverstest.ISO()
	for at := range old {
		if strings.Contains(at, "/w11/") || strings.HasPrefix(at, "NetKVM/2k12R2/") {
			delete(old, at)
		}
	}
	delete(old, "viostor/2k12/amd64/viostor.sys")
	delete(old, "NetKVM/2k16/amd64/netkvm.sys")
	old["viostor/2k19/amd64/viostor.sys"] = &fstest.MapFile{}
	tree := memory(old)
	for _, test := range []struct {
		name, arch, want string
		s                registry.Software
	}{
		{"Windows 11", "x86_64", "has no driver viostor for Windows 11 Pro, which would be in a folder w11/amd64: it has that driver for 2k12, 2k12r2,",
			registry.Software{Product: "Windows 11 Pro", Major: 10, Build: 22631}},
		{"no network", "x86_64", "has no driver netkvm for Windows Server 2012 R2", registry.Software{Product: "Windows Server 2012 R2", Major: 6, Minor: 3}},
		{"no program", "x86_64", "has viostor.inf for Windows Server 2012, but no viostor.sys", registry.Software{Product: "Windows Server 2012", Major: 6, Minor: 2}},
		{"no program for the network", "x86_64", "has netkvm.inf for Windows Server 2016, but no netkvm.sys", registry.Software{Product: "Windows Server 2016", Major: 10, Build: 14393}},
		{"an empty program", "x86_64", "for Windows Server 2019, and viostor/2k19/amd64/viostor.sys is empty", registry.Software{Product: "Windows Server 2019", Major: 10, Build: 17763}},
		{"unknown version", "x86_64", "no drivers for Windows 12.0 (Windows 12)", registry.Software{Product: "Windows 12", Major: 12}},
		{"unknown processor", "ia64", `processors of the kind "ia64"`, windows10},
	} {
		_, err := drivers.Choose(tree, test.s, test.arch, "viostor")
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v; want %q", test.name, err, test.want)
		}
		if remedy.Of(err) == "" {
			t.Errorf("%s: nothing is said of what to do", test.name)
		}
	}
}

// TestNoImage: a file that is none, and one that is cut short.
func TestNoImage(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	whole := filepath.Join(folder, "whole.iso")
	writeISO(t, few(), whole)
	data, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"short": {data[:len(data)/2], "it is cut short"}, "empty": {nil, "it has 0 bytes"}, "zip": {bytes.Repeat([]byte("PK"), 32<<10), "no volume descriptor"},
	} {
		at := filepath.Join(folder, name)
		if err := os.WriteFile(at, test.data, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := drivers.Open(at)
		if err == nil || !strings.Contains(err.Error(), test.want) || remedy.Of(err) == "" {
			t.Errorf("%s: %v; want %q, and a remedy", name, err, test.want)
		}
	}
	if _, err := drivers.Open(filepath.Join(folder, "absent")); err == nil {
		t.Error("a file that is not there was opened")
	}
}

// TestWarnings: drivers that are there and may not serve.
func TestWarnings(t *testing.T) {
	t.Parallel()
	const in = "viostor/w10/amd64/viostor"
	for name, test := range map[string]struct {
		at      string
		content *fstest.MapFile
		want    string
	}{
		"unsigned":           {in + ".cat", driverstest.Catalog(driverstest.Unsigned), "is not signed"},
		"no catalogue":       {in + ".cat", &fstest.MapFile{}, "is not signed"},
		"for tests":          {in + ".cat", driverstest.Catalog(driverstest.ByTest), "for tests alone"},
		"by Microsoft's kit": {in + ".cat", driverstest.Catalog(driverstest.ByKit), "for tests alone"},
		"an old one":         {in + ".inf", driverstest.INF("viostor", []string{`PCI\VEN_1AF4&DEV_1001&REV_00`}), "is an old one"},
		"different library":  {"NetKVM/w10/amd64/WdfCoInstaller01011.dll", &fstest.MapFile{Data: []byte("another")}, "two different files wdfcoinstaller01011.dll"},
	} {
		tree := driverstest.ISO()
		tree[test.at] = test.content
		chosen, err := drivers.Choose(memory(tree), windows10, "x86_64", "viostor")
		if err != nil {
			t.Fatal(err)
		}
		if len(chosen.Warnings) == 0 || !strings.Contains(chosen.Warnings[0], test.want) {
			t.Errorf("%s: warned of %q; want %q", name, chosen.Warnings, test.want)
		}
	}
}

// TestSigned: what Microsoft certified, itself or through another authority, is no warning.
// Who signed it is told, once, where Windows asks a person about it.
func TestSigned(t *testing.T) {
	t.Parallel()
	for by, publishers := range map[driverstest.Signature]int{driverstest.ByMicrosoft: 0, driverstest.ByVendor: 1} {
		tree := driverstest.ISO()
		for _, driver := range []string{"viostor/w10/amd64/viostor", "NetKVM/w10/amd64/netkvm"} {
			tree[driver+".cat"] = driverstest.Catalog(by)
		}
		chosen, err := drivers.Choose(memory(tree), windows10, "x86_64", "viostor")
		if err != nil || len(chosen.Warnings) > 0 || len(chosen.Publishers) != publishers {
			t.Fatalf("%s: %v, warned of %q, %d publishers", by, err, chosen.Warnings, len(chosen.Publishers))
		}
		for _, publisher := range chosen.Publishers {
			if read, err := x509.ParseCertificate(publisher); err != nil || read.Subject.CommonName != string(by) {
				t.Errorf("the publisher is %+v, %v", read, err)
			}
		}
	}
}

// TestDevices: what an INF says is read in UTF-16, and its comments are not.
func TestDevices(t *testing.T) {
	t.Parallel()
	chosen, err := drivers.Choose(memory(driverstest.ISO()), windows10, "x86_64", "vioscsi")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"VEN_1AF4&DEV_1004&SUBSYS_00081AF4&REV_00", "VEN_1AF4&DEV_1048&SUBSYS_11001AF4&REV_01"}
	if diff := cmp.Diff(want, chosen.Drivers[0].Devices); diff != "" || chosen.Drivers[0].Name != "vioscsi" {
		t.Errorf("%s: %s", chosen.Drivers[0].Name, diff)
	}
}

// TestAddDevicePath: once, with the type that the value has.
func TestAddDevicePath(t *testing.T) {
	t.Parallel()
	const key = `Microsoft\Windows\CurrentVersion`
	for name, test := range map[string]struct {
		before []registry.Value
		want   registry.Value
	}{
		"expand": {[]registry.Value{registry.TextValue("DevicePath", registry.Expand, `%SystemRoot%\inf;C:\drivers`)},
			registry.TextValue("DevicePath", registry.Expand, `%SystemRoot%\inf;C:\drivers;%SystemRoot%\Drivers\VirtIO`)},
		"text": {[]registry.Value{registry.TextValue("devicepath", registry.String, `C:\Windows\inf;`)},
			registry.TextValue("devicepath", registry.String, `C:\Windows\inf;%SystemRoot%\Drivers\VirtIO`)},
		"none": {nil, registry.TextValue("DevicePath", registry.Expand, `%SystemRoot%\inf;%SystemRoot%\Drivers\VirtIO`)},
		"there": {[]registry.Value{registry.TextValue("DevicePath", registry.Expand, `%systemroot%\drivers\virtio\;%SystemRoot%\inf`)},
			registry.TextValue("DevicePath", registry.Expand, `%systemroot%\drivers\virtio\;%SystemRoot%\inf`)},
	} {
		data := registrytest.Build(map[string][]registry.Value{key: test.before})
		hive, err := registry.Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		e := registry.Edit(hive)
		for range 2 {
			if err := drivers.AddDevicePath(e); err != nil {
				t.Fatal(err)
			}
		}
		got, _, err := registry.Get(e, key, "DevicePath")
		if err != nil || !got.Equal(test.want) || len(e.Changes()) > 1 {
			t.Errorf("%s: %s, %d changes, %v; want %s", name, got, len(e.Changes()), err, test.want)
		}
	}
}
