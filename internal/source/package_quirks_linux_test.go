package source_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/klauspost/compress/zstd"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// quirk is a package as other programs write them. What is wrong with it
// concerns nothing that is needed, or else the error has to say so.
type quirk struct {
	build func(t *testing.T, p parts) []byte
	// warnings are parts of those that have to be given, in their order.
	warnings []string
	// failure and remedy are words of the error, where there has to be one.
	failure, remedy string
	// machine is the name that the descriptor gives; empty checks nothing.
	machine string
}

// parts are the files of a sound package.
type parts struct{ ovf, vmdk file }

func runQuirks(t *testing.T, quirks map[string]quirk) {
	t.Helper()
	disk := newDisk(t)
	sound := parts{file{"web.ovf", oneDisk("web-disk1.vmdk", vmdkURI, "")}, file{"web-disk1.vmdk", stream(t, disk)}}
	for name, test := range quirks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := saved(t, "web.ova", test.build(t, sound))
			s, err := source.Open(t.Context(), source.Request{Type: source.TypeOVA, Path: path, WorkDir: t.TempDir()})
			if err == nil {
				defer s.Close()
				err = s.VerifyDigests()
			}
			if test.failure != "" {
				requireWords(t, err, test.failure, test.remedy)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			requireSame(t, s.Disks[0], disk)
			if len(s.Warnings) != len(test.warnings) {
				t.Errorf("warnings %q, want %q", s.Warnings, test.warnings)
			}
			for n, want := range test.warnings {
				if n < len(s.Warnings) && !strings.Contains(s.Warnings[n].Message, want) {
					t.Errorf("warning %q, want %q", s.Warnings[n], want)
				}
			}
			if test.machine != "" && s.Machine.Name != test.machine {
				t.Errorf("machine %q, want %q", s.Machine.Name, test.machine)
			}
		})
	}
}

// requireWords wants an error and what to do about it.
func requireWords(t *testing.T, err error, failure, what string) {
	t.Helper()
	switch {
	case err == nil || !strings.Contains(err.Error(), failure):
		t.Errorf("error %v, want %q", err, failure)
	case !strings.Contains(remedy.Of(err), what):
		t.Errorf("the remedy of %v is not %q: %q", err, what, remedy.Of(err))
	}
}

func sumOf(newHash func() hash.Hash, data []byte) string {
	h := newHash()
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}

func TestChecksumsOfOtherTools(t *testing.T) {
	t.Parallel()
	zeroes := strings.Repeat("0", 64)
	// lines makes a package with these lines as its checksums.
	lines := func(name string, text func(p parts) string) func(*testing.T, parts) []byte {
		return func(t *testing.T, p parts) []byte {
			t.Helper()
			return tarOf(t, p.ovf, file{name, []byte(text(p))}, p.vmdk)
		}
	}
	// both lists the two files, each by a pattern of name and checksum.
	both := func(pattern string) func(p parts) string {
		return func(p parts) string {
			return fmt.Sprintf(pattern, p.ovf.name, sumOf(sha256.New, p.ovf.data)) + fmt.Sprintf(pattern, p.vmdk.name, sumOf(sha256.New, p.vmdk.data))
		}
	}
	wrong := "the package's manifest says " + zeroes
	runQuirks(t, map[string]quirk{
		"SHA2-256 of OpenSSL 3":    {build: lines("web.mf", both("SHA2-256(%s)= %s\n"))},
		"SHA2-256 that is wrong":   {build: lines("web.mf", func(parts) string { return "SHA2-256(web-disk1.vmdk)= " + zeroes }), failure: wrong, remedy: "copy or export the package again"},
		"SHA2_256 with blanks":     {build: lines("web.mf", both("sha2_256 (%s)  =\t%s\r\n"))},
		"carriage returns alone":   {build: lines("web.mf", both("SHA256(%s)= %s\r"))},
		"comments and blank lines": {build: lines("web.mf", func(p parts) string { return "# by hand\n\n; x\n// y\n" + both("SHA256(%s)= %s\n")(p) })},
		"foreign line":             {build: lines("web.mf", func(p parts) string { return "Manifest-Version: 1.0\n" + both("SHA256(%s)= %s\n")(p) }), warnings: []string{"line 1 is no SHA1"}},
		"sha256sum": {build: lines("web.mf", func(p parts) string {
			return sumOf(sha256.New, p.ovf.data) + "  web.ovf\n" + sumOf(sha256.New, p.vmdk.data) + " *web-disk1.vmdk\n"
		})},
		"sha256sum that is wrong": {build: lines("web.mf", func(parts) string { return zeroes + "  web-disk1.vmdk\n" }), failure: wrong, remedy: "source.verify_checksums = false"},
		"UTF-16 of PowerShell":    {build: lines("web.mf", func(p parts) string { return string(asUTF16(binary.LittleEndian, true, both("SHA256(%s)= %s\r\n")(p))) })},
		"two algorithms": {build: lines("web.mf", func(p parts) string {
			return "SHA1(web.ovf)= " + sumOf(sha1.New, p.ovf.data) + "\n" + both("SHA256(%s)= %s\n")(p)
		})},
		"the better algorithm is wrong": {build: lines("web.mf", func(p parts) string {
			return "SHA256(web-disk1.vmdk)= " + zeroes + "\nSHA1(web-disk1.vmdk)= " + sumOf(sha1.New, p.vmdk.data)
		}), failure: wrong},
		"algorithm that nobody knows": {
			build:    lines("web.mf", func(p parts) string { return "BLAKE2b512(web.ovf)= 00\n" + both("SHA256(%s)= %s\n")(p) }),
			warnings: []string{"line 1 is no checksum of a known kind: BLAKE2b512"},
		},
		"only an algorithm that nobody knows": {build: lines("web.mf", func(parts) string { return "BLAKE2b512(web.ovf)= 00\n" }), failure: "BLAKE2b512", remedy: "source.verify_checksums = false"},
		"only foreign lines":                  {build: lines("web.mf", func(parts) string { return "hello" }), failure: "line 1 is no SHA1", remedy: "source.verify_checksums = false"},
		"empty":                               {build: lines("web.mf", func(parts) string { return "" }), failure: "it holds no checksum", remedy: "source.verify_checksums = false"},
		"only blank lines":                    {build: lines("web.mf", func(parts) string { return "\r\n \n\n" }), failure: "it holds no checksum", remedy: "source.verify_checksums = false"},
		"only a comment":                      {build: lines("web.mf", func(parts) string { return "# nothing yet\n" }), failure: "it holds no checksum", remedy: "source.verify_checksums = false"},
		"only a byte order mark":              {build: lines("web.mf", func(parts) string { return "\ufeff" }), failure: "it holds no checksum", remedy: "source.verify_checksums = false"},
		"wrong length of what nothing needs":  {build: lines("web.mf", func(p parts) string { return "SHA256(readme.txt)= 00\n" + both("SHA256(%s)= %s\n")(p) })},
		"wrong length of a disk":              {build: lines("web.mf", func(parts) string { return "SHA256(web-disk1.vmdk)= 00\n" }), failure: "has another length", remedy: "correct that line"},
		"no checksum in a disk's line": {build: lines("web.mf", func(p parts) string {
			return "SHA256(web.ovf)= " + sumOf(sha256.New, p.ovf.data) + "\nSHA256 ( web-disk1.vmdk ) = WRONG\n"
		}), failure: "is no sha256 checksum", remedy: "correct that line"},
		"two checksums of a disk":   {build: lines("web.mf", func(p parts) string { return both("SHA256(%s)= %s\n")(p) + "SHA256(web-disk1.vmdk)= " + zeroes }), failure: "a second checksum of web-disk1.vmdk", remedy: "correct that line"},
		"name that leads out":       {build: lines("web.mf", func(p parts) string { return "SHA256(../x)= " + zeroes + "\n" + both("SHA256(%s)= %s\n")(p) }), warnings: []string{"leads out of the package"}},
		"another name, in capitals": {build: lines("OTHER.MF", both("SHA256(%s)= %s\n"))},
		"names that count from the descriptor's folder": {build: func(t *testing.T, p parts) []byte {
			return zipOf(t, zip.Deflate, file{"app/web.ovf", p.ovf.data}, file{"app/web.mf", []byte(both("SHA256(%s)= %s\n")(p))}, file{"app/web-disk1.vmdk", p.vmdk.data})
		}},
		"wrong, in the descriptor's folder": {failure: wrong, build: func(t *testing.T, p parts) []byte {
			return zipOf(t, zip.Deflate, file{"app/web.ovf", p.ovf.data}, file{"app/web.mf", []byte("SHA256(web-disk1.vmdk)= " + zeroes)}, file{"app/web-disk1.vmdk", p.vmdk.data})
		}},
	})
}

// appleDouble begins what macOS keeps beside files.
const appleDouble = "\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        "

// TestPackedPackages: a package that was packed once more is read, or the error names
// what it is and the command that unpacks it.
func TestPackedPackages(t *testing.T) {
	t.Parallel()
	// tar.bz2 has a descriptor of a machine without disks in it, vmdk.bz2 a VMDK image.
	const bz2OfTar = "QlpoOTFBWSZTWUh8xHIAAJ5fhMyAUAH/hwIhGSB/J9+gBAAICCAAkglTUam1D1GT1AAAHqB+pkCU1KB5QGE0NPUDIGmjRp0hekDBrwjAxJZK8wZX42BhAu922qy3e00BoIYqcw6eNNM0Yj37JVeg8eaFw5OSU4kehOzFx1LXKtuREzfJGE8xk17+ikhoIIqmLWLEc7QJqme2QM5OBj487rjkxjAvF3JFOFCQSHzEcg=="
	const bz2OfVMDK = "QlpoOTFBWSZTWeoZiR8AAAbGAMAABAoBAAAIIAAhk09AwCqxpEKPC7kinChIdQzEj4A="
	decoded := func(text string) func(*testing.T, parts) []byte {
		return func(t *testing.T, _ parts) []byte {
			t.Helper()
			data, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				t.Fatal(err)
			}
			return data
		}
	}
	begins := func(head string) func(*testing.T, parts) []byte {
		return func(*testing.T, parts) []byte { return append([]byte(head), make([]byte, 2048)...) }
	}
	unpacked := []string{"compressed as a whole"}
	runQuirks(t, map[string]quirk{
		"tar.zst": {warnings: unpacked, build: func(t *testing.T, p parts) []byte {
			return compressed(t, tarOf(t, p.ovf, p.vmdk), func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) })
		}},
		"tar.bz2":         {build: decoded(bz2OfTar), failure: "no disk with content"},
		"a disk in bzip2": {build: decoded(bz2OfVMDK), failure: "is bzip2-compressed, and what is in it is a VMDK image", remedy: "bzip2 -dc 'web.ova' > UNPACKED"},
		"a disk in gzip":  {build: func(t *testing.T, p parts) []byte { return gz(t, p.vmdk.data) }, failure: "is gzip-compressed, and what is in it is a VMDK image", remedy: "gzip -dc 'web.ova' > UNPACKED, and migrate that with source.type \"vmdk\""},
		"a text in gzip":  {build: func(t *testing.T, _ parts) []byte { return gz(t, []byte("hello")) }, failure: "what is in it is no tar archive", remedy: "gzip -dc"},
		"7z":              {build: begins("7z\xbc\xaf\x27\x1c"), failure: "is a 7z archive", remedy: "7z x 'web.ova'"},
		"RAR":             {build: begins("Rar!\x1a\x07\x01\x00"), failure: "is a RAR archive", remedy: "unrar x"},
		"LZ4":             {build: begins("\x04\x22\x4d\x18"), failure: "is lz4-compressed", remedy: "lz4 -dc"},
	})
}

// TestSizeOfFile: what a descriptor says of a file's length matters where the file is
// shorter.
func TestSizeOfFile(t *testing.T) {
	t.Parallel()
	sized := func(size string) func(*testing.T, parts) []byte {
		return func(t *testing.T, p parts) []byte {
			t.Helper()
			text := strings.Replace(string(p.ovf.data), ` ovf:size="1"`, size, 1)
			if text == string(p.ovf.data) {
				t.Fatal("no size to replace")
			}
			return tarOf(t, file{p.ovf.name, []byte(text)}, p.vmdk)
		}
	}
	quirks := map[string]quirk{
		"larger": {build: sized(` ovf:size="999999999999"`), warnings: []string{"the package says that web-disk1.vmdk has 999999999999 bytes, and it has "}},
	}
	for _, size := range []string{"", ` ovf:size="0"`, ` ovf:size="-5"`, ` ovf:size="many"`, ` ovf:size=""`, ` ovf:size="1e99"`, ` ovf:size="99999999999999999999999"`, ` ovf:size=" 1 "`} {
		quirks["no length:"+size] = quirk{build: sized(size)}
	}
	runQuirks(t, quirks)
}

func TestDrivesWithoutADisk(t *testing.T) {
	t.Parallel()
	const drive = `<Item><rasd:AddressOnParent>1</rasd:AddressOnParent><rasd:ElementName>Hard disk 2</rasd:ElementName><rasd:InstanceID>11</rasd:InstanceID><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType>%s</Item>`
	with := func(more string, edits ...string) func(*testing.T, parts) []byte {
		return func(t *testing.T, p parts) []byte {
			t.Helper()
			text := strings.NewReplacer(edits...).Replace(string(p.ovf.data))
			return tarOf(t, file{p.ovf.name, []byte(strings.Replace(text, "<vmw:Config ovf", more+"<vmw:Config ovf", 1))}, p.vmdk)
		}
	}
	second := fmt.Sprintf(diskEntry, 2, 1, vmdkURI)
	unused := []string{"</DiskSection>", second + "</DiskSection>"}
	runQuirks(t, map[string]quirk{
		"a drive made from nothing":              {build: with(fmt.Sprintf(drive, "")), warnings: []string{"has a disk drive, Hard disk 2, of which the package does not say what is in it"}},
		"a disk without a drive":                 {build: with("", unused...), warnings: []string{"the package has a disk vmdisk2, and its machine has no drive for it"}},
		"both":                                   {build: with(fmt.Sprintf(drive, ""), unused...), warnings: []string{"Hard disk 2", "vmdisk2"}},
		"a drive of another configuration":       {build: with(strings.Replace(fmt.Sprintf(drive, "<rasd:HostResource>ovf:/disk/vmdisk2</rasd:HostResource>"), "<Item>", `<Item ovf:configuration="large">`, 1), unused...)},
		"two drives with one disk":               {build: with(fmt.Sprintf(drive, "<rasd:HostResource>ovf:/disk/vmdisk1</rasd:HostResource>")), warnings: []string{"disk vmdisk1 of the package in several drives"}},
		"drives that say nothing of their disks": {build: with("", "<rasd:HostResource>ovf:/disk/vmdisk1</rasd:HostResource>", "")},
	})
}

// TestCapacity: an image that is smaller than its package says is another one.
func TestCapacity(t *testing.T) {
	t.Parallel()
	runQuirks(t, map[string]quirk{
		"of a larger disk": {warnings: []string{"says that the disk in web-disk1.vmdk has 67108864 bytes, and the image has 4194304"}, build: func(t *testing.T, p parts) []byte {
			return tarOf(t, file{p.ovf.name, bytes.Replace(p.ovf.data, []byte(`ovf:capacity="8"`), []byte(`ovf:capacity="64"`), 1)}, p.vmdk)
		}},
		"rounded to its unit": {build: func(t *testing.T, p parts) []byte {
			declared := []byte(`ovf:capacity="8" ovf:capacityAllocationUnits="byte * 2^20"`)
			if !bytes.Contains(p.ovf.data, declared) {
				t.Fatal("no capacity to replace")
			}
			return tarOf(t, file{p.ovf.name, bytes.Replace(p.ovf.data, declared, []byte(`ovf:capacity="1" ovf:capacityAllocationUnits="byte * 2^30"`), 1)}, p.vmdk)
		}},
		"of a smaller disk": {build: func(t *testing.T, p parts) []byte {
			return tarOf(t, file{p.ovf.name, bytes.Replace(p.ovf.data, []byte(`ovf:capacity="8"`), []byte(`ovf:capacity="1"`), 1)}, p.vmdk)
		}},
	})
}

// TestQuantities: what a descriptor says of memory and processors is taken as its program
// meant it, or a person is told.
func TestQuantities(t *testing.T) {
	t.Parallel()
	const written = `<rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits>`
	with := func(units string) func(*testing.T, parts) []byte {
		return func(t *testing.T, p parts) []byte {
			t.Helper()
			if !bytes.Contains(p.ovf.data, []byte(written)) {
				t.Fatal("no units to replace")
			}
			return tarOf(t, file{p.ovf.name, bytes.Replace(p.ovf.data, []byte(written), []byte(units), 1)}, p.vmdk)
		}
	}
	runQuirks(t, map[string]quirk{
		"units that are understood": {build: with(`<rasd:AllocationUnits>MB</rasd:AllocationUnits>`)},
		"units that nobody knows":   {build: with(`<rasd:AllocationUnits>pages</rasd:AllocationUnits>`), warnings: []string{"says of the machine's memory is not understood: the new one gets 2048 MiB"}},
	})
}

func TestMembersThatNothingNeeds(t *testing.T) {
	t.Parallel()
	beside := func(name string) file { return file{name, []byte(appleDouble)} }
	tarred := func(add ...file) func(*testing.T, parts) []byte {
		return func(t *testing.T, p parts) []byte {
			t.Helper()
			return tarOf(t, slices.Concat(add, []file{p.ovf, p.vmdk})...)
		}
	}
	runQuirks(t, map[string]quirk{
		"macOS in tar": {build: func(t *testing.T, p parts) []byte {
			return tarOf(t, beside("._web.ovf"), p.ovf, beside("./._web-disk1.vmdk"), p.vmdk, beside("._web.mf"))
		}},
		"macOS in zip": {build: func(t *testing.T, p parts) []byte {
			return zipOf(t, zip.Deflate, file{"app/web.ovf", p.ovf.data}, beside("__MACOSX/app/._web.ovf"), beside("__MACOSX/._app"), file{"app/web-disk1.vmdk", p.vmdk.data})
		}},
		"macOS in tar.gz": {warnings: []string{"compressed as a whole"}, build: func(t *testing.T, p parts) []byte {
			return gz(t, tarOf(t, beside("._web.ovf"), p.ovf, beside(".DS_Store"), p.vmdk))
		}},
		"headers of another archiver as files": {build: tarred(file{"PaxHeaders.17/web.ovf", []byte("30 mtime=1\n")})},
		"notes beside":                         {build: tarred(file{"README.txt", []byte("hello")}, file{"web.cert", nil}, file{"desktop.ini", nil})},
		"link":                                 {build: func(t *testing.T, p parts) []byte { return tarWithLink(t, p, "latest.vmdk", "web-disk1.vmdk") }, warnings: []string{"latest.vmdk is a link"}},
		"link that leads out":                  {build: func(t *testing.T, p parts) []byte { return tarWithLink(t, p, "x", "../../etc/passwd") }, warnings: []string{"x is a link"}},
		"name that leads out":                  {build: tarred(file{"../x", []byte("hello")}), warnings: []string{"leads out of the package"}},
		"notes twice":                          {build: tarred(file{"a.txt", nil}, file{"a.txt", nil}), warnings: []string{"a.txt occurs twice"}},
		"disk twice": {build: func(t *testing.T, p parts) []byte {
			return tarOf(t, p.ovf, p.vmdk, file{"./web-disk1.vmdk", []byte("other")})
		},
			failure: "web-disk1.vmdk occurs twice", remedy: "export it again"},
		"checksums twice": {build: func(t *testing.T, p parts) []byte {
			return tarOf(t, p.ovf, file{"web.mf", nil}, file{"web.mf", nil}, p.vmdk)
		},
			failure: "web.mf occurs twice", remedy: "export it again"},
		"zip with the separators of Windows": {build: func(t *testing.T, p parts) []byte {
			return zipOf(t, zip.Deflate, file{`app\web.ovf`, p.ovf.data}, file{`app\web-disk1.vmdk`, p.vmdk.data})
		}},
		"zip by a method that is not read": {failure: "method 9 of zip", remedy: "source.type ovf", build: func(t *testing.T, p parts) []byte {
			data := zipOf(t, zip.Deflate, p.ovf, file{"web-disk1.vmdk", p.vmdk.data})
			for _, mark := range []struct {
				name string
				at   int
			}{{"PK\x03\x04", 8}, {"PK\x01\x02", 10}} {
				data[bytes.LastIndex(data, []byte(mark.name))+mark.at] = 9
			}
			return data
		}},
		"zip with a password": {failure: "is encrypted", remedy: "with its password", build: func(t *testing.T, p parts) []byte {
			data := zipOf(t, zip.Deflate, p.ovf, file{"web-disk1.vmdk", p.vmdk.data})
			data[bytes.LastIndex(data, []byte("PK\x01\x02"))+8] |= 1
			return data
		}},
	})
}

// What macOS keeps beside a file is named as such.
func TestFileOfMacOS(t *testing.T) {
	t.Parallel()
	for kind, name := range map[string]string{source.TypeOVF: "._web.ovf", source.TypeVMDK: "._web.vmdk", source.TypeRaw: "._web.img"} {
		_, err := source.Open(t.Context(), source.Request{Type: kind, Path: saved(t, name, []byte(appleDouble)), WorkDir: t.TempDir()})
		requireWords(t, err, "what macOS keeps beside a file", "without ._")
	}
}

func asUTF16(order binary.AppendByteOrder, mark bool, text string) []byte {
	var out []byte
	if mark {
		out = order.AppendUint16(out, 0xfeff)
	}
	for _, unit := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, unit)
	}
	return out
}

func TestEncodingsOfDescriptors(t *testing.T) {
	t.Parallel()
	const name = "Prüfstand"
	described := func(declaration string) string {
		text := strings.Replace(string(oneDisk("web-disk1.vmdk", vmdkURI, "")), "<Name>web by name</Name>", "<Name>"+name+"</Name>", 1)
		return strings.Replace(text, `<?xml version="1.0" encoding="UTF-8"?>`, declaration, 1)
	}
	latin := func(text string) []byte {
		var out []byte
		for _, r := range text {
			out = append(out, byte(r))
		}
		return out
	}
	packed := func(text []byte) func(*testing.T, parts) []byte {
		return func(t *testing.T, p parts) []byte { t.Helper(); return tarOf(t, file{"web.ovf", text}, p.vmdk) }
	}
	const utf16Declared = `<?xml version="1.0" encoding="utf-16"?>`
	runQuirks(t, map[string]quirk{
		"UTF-8 under a declaration of UTF-16":  {machine: name, build: packed([]byte(described(utf16Declared)))},
		"the same with a mark":                 {machine: name, build: packed([]byte("\xef\xbb\xbf" + described(utf16Declared)))},
		"UTF-16":                               {machine: name, build: packed(asUTF16(binary.LittleEndian, true, described(utf16Declared)))},
		"UTF-16, big endian":                   {machine: name, build: packed(asUTF16(binary.BigEndian, true, described(utf16Declared)))},
		"UTF-16 without a mark":                {machine: name, build: packed(asUTF16(binary.LittleEndian, false, described(utf16Declared)))},
		"UTF-16 without mark and declaration":  {machine: name, build: packed(asUTF16(binary.BigEndian, false, described("")))},
		"ISO-8859-1":                           {machine: name, build: packed(latin(described(`<?xml version="1.0" encoding="ISO-8859-1"?>`)))},
		"windows-1252":                         {machine: name, build: packed(latin(described(`<?xml version='1.0' encoding='windows-1252' standalone='yes'?>`)))},
		"Shift_JIS":                            {machine: "検証", build: packed([]byte(strings.Replace(described(`<?xml version="1.0" encoding="Shift_JIS"?>`), name, "\x8c\x9f\x8f\xd8", 1)))},
		"windows-1252 under a declaration":     {machine: name, build: packed(latin(described(`<?xml version="1.0" encoding="UTF-8"?>`))), warnings: []string{"are read as windows-1252"}},
		"windows-1252 without a declaration":   {machine: name, build: packed(latin(described(""))), warnings: []string{"are read as windows-1252"}},
		"an encoding that nobody knows":        {machine: name, build: packed([]byte(described(`<?xml version="1.0" encoding="x-unknown"?>`)))},
		"XML 1.1":                              {machine: name, build: packed([]byte(described(`<?xml version="1.1" encoding="UTF-8"?>`)))},
		"document type in UTF-16":              {failure: "document type", build: packed(asUTF16(binary.LittleEndian, true, described(utf16Declared+`<!DOCTYPE x SYSTEM "file:///etc/passwd">`)))},
		"sizes and numbers that nobody needs":  {build: packed([]byte(strings.NewReplacer(`ovf:size="1"`, `ovf:size="-1"`, `ovf:id="96"`, `ovf:id="100000"`, "</Info><Name>", `</Info><ProductSection ovf:required="maybe"/><Name>`, "<rasd:ResourceType>1<", "<rasd:ResourceType>one<").Replace(described(""))))},
		"another root":                         {failure: "its root is <domain>", build: packed([]byte("<domain/>"))},
		"page of a portal in place of the OVF": {failure: "is no sound OVF descriptor", remedy: "export the package again", build: packed([]byte("<html><body>Log in</p></html>"))},
	})
}

// draftOVF is a descriptor as ESX 3.5 and others wrote it before OVF 1.
func draftOVF(namespace, disk string) []byte {
	return []byte(`<?xml version="1.0" encoding="UTF-8"?>
<ovf:Envelope xmlns:ovf="` + namespace + `" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData">
 <References><File ovf:href="web-disk1.vmdk" ovf:id="file1" ovf:size="1"/></References>
 <Section xsi:type="ovf:DiskSection_Type"><Info>Disks</Info>
  <Disk ovf:capacity="4194304" ovf:diskId="vmdisk1" ovf:fileRef="file1" ovf:format="http://www.vmware.com/specifications/vmdk.html#sparse"/></Section>
 <Section xsi:type="ovf:NetworkSection_Type"><Info>Networks</Info><Network ovf:name="bridged"/></Section>
 <Content ovf:id="old" xsi:type="ovf:VirtualSystem_Type"><Info>A machine</Info><Name>old by name</Name>
  <Section ovf:id="80" xsi:type="ovf:OperatingSystemSection_Type"><Info>Guest</Info><Description>rhel5Guest</Description></Section>
  <Section xsi:type="ovf:VirtualHardwareSection_Type"><Info>Hardware</Info>
   <Item><rasd:Caption>1 virtual CPU</rasd:Caption><rasd:InstanceId>1</rasd:InstanceId><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>1</rasd:VirtualQuantity></Item>
   <Item><rasd:AllocationUnits>MegaBytes</rasd:AllocationUnits><rasd:Caption>256MB of memory</rasd:Caption><rasd:InstanceId>2</rasd:InstanceId><rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>256</rasd:VirtualQuantity></Item>
   <Item><rasd:Caption>SCSI Controller 0</rasd:Caption><rasd:InstanceId>3</rasd:InstanceId><rasd:ResourceSubType>LsiLogic</rasd:ResourceSubType><rasd:ResourceType>6</rasd:ResourceType></Item>
   <Item><rasd:Caption>Harddisk 1</rasd:Caption><rasd:HostResource>` + disk + `</rasd:HostResource><rasd:InstanceId>5</rasd:InstanceId><rasd:Parent>3</rasd:Parent><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:ResourceType>17</rasd:ResourceType></Item>
   <Item><rasd:Caption>ethernet0</rasd:Caption><rasd:Connection>bridged</rasd:Connection><rasd:InstanceId>6</rasd:InstanceId><rasd:ResourceType>10</rasd:ResourceType></Item>
  </Section>
 </Content>
</ovf:Envelope>`)
}

func TestDraftsOfOVF(t *testing.T) {
	t.Parallel()
	packed := func(text []byte) func(*testing.T, parts) []byte {
		return func(t *testing.T, p parts) []byte { t.Helper(); return tarOf(t, file{"web.ovf", text}, p.vmdk) }
	}
	const vmware, dmtf = "http://www.vmware.com/schema/ovf/1/envelope", "http://schemas.dmtf.org/ovf/envelope/1/"
	many := bytes.Replace(draftOVF(vmware, "disk/vmdisk1"), []byte(`<Content ovf:id="old"`), []byte(`<Content ovf:id="all" xsi:type="ovf:VirtualSystemCollection_Type"><Info>x</Info><Content ovf:id="old"`), 1)
	many = bytes.Replace(many, []byte("</ovf:Envelope>"), []byte("</Content></ovf:Envelope>"), 1)
	runQuirks(t, map[string]quirk{
		"VMware's":            {machine: "old by name", build: packed(draftOVF(vmware, "disk/vmdisk1"))},
		"with URLs":           {machine: "old by name", build: packed(draftOVF(vmware, "ovf:/disk/vmdisk1"))},
		"oVirt's":             {machine: "old by name", build: packed(draftOVF(dmtf, "ovf:/disk/vmdisk1"))},
		"with a collection":   {machine: "old by name", build: packed(many)},
		"without the machine": {failure: "describes no virtual machine", build: packed(bytes.ReplaceAll(draftOVF(vmware, "x"), []byte("VirtualSystem_Type"), []byte("Other_Type")))},
	})
}

// The machine of a draft is described as any other.
func TestMachineOfADraft(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "web-disk1.vmdk"), stream(t, newDisk(t)))
	path := write(t, filepath.Join(dir, "web.ovf"), draftOVF("http://www.vmware.com/schema/ovf/1/envelope", "disk/vmdisk1"))
	m := open(t, source.Request{Type: source.TypeOVF, Path: path}).Machine
	if m.VCPUs != 1 || m.MemoryMiB != 256 || m.GuestType != "rhel5Guest" || len(m.NICs) != 1 || m.NICs[0].Name != "ethernet0" || len(m.Controllers) != 1 {
		t.Errorf("%+v", m)
	}
}

// Names that people take for the same, and machines that name their disks as
// other programs do.
func TestNamesThatProgramsWrite(t *testing.T) {
	t.Parallel()
	renamed := func(href, member string) func(*testing.T, parts) []byte {
		return func(t *testing.T, p parts) []byte {
			t.Helper()
			ovf := file{"web.ovf", oneDisk(href, vmdkURI, "")}
			vmdk := file{member, p.vmdk.data}
			return zipOf(t, zip.Deflate, ovf, sums("SHA256", sha256.New, ovf, vmdk), vmdk)
		}
	}
	described := func(old, replaced string) func(*testing.T, parts) []byte {
		return func(t *testing.T, p parts) []byte {
			t.Helper()
			return tarOf(t, file{"web.ovf", bytes.ReplaceAll(p.ovf.data, []byte(old), []byte(replaced))}, p.vmdk)
		}
	}
	const composed, decomposed = "Pr\u00fcfstand.vmdk", "Pru\u0308fstand.vmdk"
	runQuirks(t, map[string]quirk{
		"capitals":                       {build: renamed("Web-Disk1.vmdk", "web-disk1.VMDK")},
		"letters that macOS takes apart": {build: renamed(composed, decomposed)},
		"the same in a URL":              {build: renamed("Pr%C3%BCfstand.vmdk", decomposed)},
		"separators of Windows":          {build: renamed(`disks\web-disk1.vmdk`, "disks/web-disk1.vmdk")},
		"separators that lead out":       {build: renamed(`..\..\etc\passwd`, "web-disk1.vmdk"), failure: "lies outside the package", remedy: "never opened"},
		"drive of Windows":               {build: renamed(`C:\web-disk1.vmdk`, "web-disk1.vmdk"), failure: "is missing", remedy: "beside the descriptor"},
		"two that differ in capitals": {failure: "is missing", build: func(t *testing.T, p parts) []byte {
			return tarOf(t, file{"web.ovf", oneDisk("WEB.vmdk", vmdkURI, "")}, file{"web.vmdk", p.vmdk.data}, file{"Web.vmdk", p.vmdk.data})
		}},
		"zip with letters of DOS": {build: func(t *testing.T, p parts) []byte {
			return zipOf(t, zip.Deflate, file{"web.ovf", oneDisk(composed, vmdkURI, "")}, file{"Pr\x81fstand.vmdk", p.vmdk.data})
		}},
		"disks of XenCenter":       {build: described("<rasd:ResourceType>17<", "<rasd:ResourceType>19<")},
		"disk ids with a slash":    {build: described("vmdisk1", "Xen:1/xvda")},
		"disks named without ovf:": {build: described("ovf:/disk/vmdisk1", "disk/vmdisk1")},
		"storage that is no disk":  {build: described("<Item><rasd:AddressOnParent>0<", "<Item><rasd:HostResource>sr=1</rasd:HostResource><rasd:InstanceID>9</rasd:InstanceID><rasd:ResourceType>19</rasd:ResourceType></Item><Item><rasd:AddressOnParent>0<")},
		"empty reference": {warnings: []string{"is an empty one"}, build: func(t *testing.T, p parts) []byte {
			disks := fmt.Sprintf(diskEntry, 1, 1, vmdkURI) + `<Disk ovf:capacity="8" ovf:diskId="vmdisk2" ovf:fileRef=""/>`
			return tarOf(t, file{"web.ovf", envelope(fmt.Sprintf(reference, "web-disk1.vmdk", 1, ""), disks, machine("web", "vmdisk2", "vmdisk1"))}, p.vmdk)
		}},
	})
	dir := t.TempDir()
	disk := newDisk(t)
	write(t, filepath.Join(dir, "WEB-disk1.vmdk"), stream(t, disk))
	path := write(t, filepath.Join(dir, "web.ovf"), oneDisk("web-disk1.vmdk", vmdkURI, ""))
	requireSame(t, open(t, source.Request{Type: source.TypeOVF, Path: path}).Disks[0], disk)
}
