package source

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// FuzzDescriptor reads VMDK descriptors as QEMU does, too: whatever is accepted
// has to mean the same to both.
func FuzzDescriptor(f *testing.F) {
	for _, seed := range []string{
		"# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType=\"vmfs\"\n\n# Extent description\nRW 2048 VMFS \"a-flat.vmdk\"\n\nddb.adapterType = \"lsilogic\"\n",
		"# Disk DescriptorFile\r\nCID=1\r\nparentCID=2\r\nparentFileNameHint=\"b.vmdk\"\r\ncreateType=\"twoGbMaxExtentFlat\"\r\nRW 1 FLAT \"a b\" 3\r\nRW 5 FLAT \"a\" 0\r\n",
		"createType=\"x\"\nRW 1 SPARSE \"json:{\"\nRDONLY 1 FLAT \"a\" 0",
		"\v RW\n2048\n\tFLAT \"/etc/passwd\" 0",
		"createType=\"monolithicFlat\"\x00RW 1 FLAT \"a\" 0",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := parseDescriptor(text)
		if err != nil {
			return
		}
		if seen, ok := qemuExtents(text); ok && d.extentFailure == nil && !slices.Equal(d.extents, seen) {
			t.Errorf("extents %+v, and QEMU sees %+v", d.extents, seen)
		}
		if seen := qemuValue(text, "parentFileNameHint"); seen != d.parentHint {
			t.Errorf("parent %q, and QEMU sees %q", d.parentHint, seen)
		}
		if seen := qemuValue(text, "createType"); seen != d.createType {
			t.Errorf("type %q, and QEMU sees %q", d.createType, seen)
		}
	})
}

// qemuValue finds an entry where QEMU does: behind the first occurrence of its
// name, whatever is around it.
func qemuValue(text []byte, name string) string {
	text, _, _ = bytes.Cut(text, []byte{0})
	_, rest, found := strings.Cut(string(text), name)
	if !found || len(rest) < 2 {
		return ""
	}
	value, _, _ := strings.Cut(rest[2:], `"`)
	return value
}

// qemuExtents reads extents like QEMU, which lets scanf(3) loose at the
// beginning of each line: `%9s %lld %9s "%511[^\n\r"]" %lld`. It is not ok where
// QEMU refuses the image.
func qemuExtents(text []byte) (extents []vmdkExtent, ok bool) {
	text, _, _ = bytes.Cut(text, []byte{0})
	rest := string(text)
	for rest != "" {
		if e, matches := scanExtent(rest); matches >= 4 {
			if (matches == 5) != (e.kind == "FLAT") {
				return nil, false
			}
			extents = append(extents, e)
		}
		_, next, found := strings.Cut(rest, "\n")
		if !found {
			break
		}
		rest = next
	}
	return extents, true
}

// scanExtent tells how many of the five values it found, or 0 for a line that
// QEMU skips.
func scanExtent(s string) (e vmdkExtent, matches int) {
	const blanks = " \t\n\v\f\r"
	word := func() string {
		s = strings.TrimLeft(s, blanks)
		end := strings.IndexAny(s, blanks)
		if end < 0 {
			end = len(s)
		}
		end = min(end, 9)
		var w string
		w, s = s[:end], s[end:]
		return w
	}
	number := func() (int64, bool) {
		s = strings.TrimLeft(s, blanks)
		end := 0
		for end < len(s) && (s[end] >= '0' && s[end] <= '9' || end == 0 && strings.ContainsRune("+-", rune(s[0]))) {
			end++
		}
		n, err := strconv.ParseInt(s[:end], 10, 64)
		s = s[end:]
		return n, err == nil
	}
	access := word()
	var found bool
	if e.sectors, found = number(); !found {
		return e, 0
	}
	e.kind = word()
	s = strings.TrimLeft(s, blanks)
	if !strings.HasPrefix(s, `"`) {
		return e, 0
	}
	s = s[1:]
	end := strings.IndexAny(s, "\n\r\"")
	if end < 0 {
		end = len(s)
	}
	end = min(end, 511)
	e.name, s = s[:end], s[end:]
	if e.name == "" || access != "RW" || e.sectors <= 0 || !slices.Contains([]string{"FLAT", "SPARSE", "VMFS", "VMFSSPARSE", "SESPARSE"}, e.kind) {
		return e, 0
	}
	matches = 4
	if strings.HasPrefix(s, `"`) {
		s = s[1:]
		if offset, given := number(); given {
			e.offset, matches = offset, 5
		}
	}
	return e, matches
}
