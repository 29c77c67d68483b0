package unifiedimage

import (
	"bytes"
	"cmp"
	"debug/pe"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

// parts are in the order of systemd's ukify, which has the kernel last, and marks it as a
// program.
var parts = []guesttest.Section{
	{Name: ".osrel", Content: "ID=debian"},
	{Name: Cmdline, Content: "root=/dev/sda2"},
	{Name: Initramfs, Content: strings.Repeat("i", 5000)},
	{Name: Kernel, Content: strings.Repeat("k", 9000), Executable: true},
}

func TestReplace(t *testing.T) {
	t.Parallel()
	ordered := slices.Clone(parts)
	mkinitcpio := []guesttest.Section{parts[0], parts[1], parts[3], parts[2]} // which has the initramfs last
	for name, sections := range map[string][]guesttest.Section{"the kernel last": ordered, "the initramfs last": mkinitcpio} {
		for _, size := range []int{0, 1, 4096, 5000, 5121, 8192, 8193, 200_000} {
			for _, replaced := range []string{Initramfs, Cmdline} {
				old := guesttest.UnifiedImageOf(t, sections...) + "behind the sections"
				wanted := strings.Repeat("n", size)
				var b bytes.Buffer
				if err := open(t, old).Replace(&b, replaced, strings.NewReader(wanted), int64(size)); err != nil {
					t.Fatalf("%s, %d bytes in %s: %v", name, size, replaced, err)
				}
				image := open(t, b.String())
				for _, s := range sections {
					want := s.Content
					if s.Name == replaced {
						want = wanted
					}
					if got := content(t, image, s.Name); got != want && (size > 0 || s.Name != replaced) {
						t.Errorf("%s, %d bytes in %s: %s has other content, of %d bytes", name, size, replaced, s.Name, len(got))
					}
				}
				if !strings.HasSuffix(b.String(), "behind the sections") {
					t.Errorf("%s, %d bytes in %s: what lies behind the sections is lost", name, size, replaced)
				}
				checkLayout(t, image, int64(b.Len()))
			}
		}
	}
}

// checkLayout demands what firmware does: that sections are aligned, in order and within
// the image, each on its own.
func checkLayout(t *testing.T, i *Image, size int64) {
	t.Helper()
	l, err := i.layout()
	if err != nil {
		t.Fatal(err)
	}
	inMem, inFile := uint32(0), uint32(0)
	sections := slices.Clone(i.pe.Sections)
	for _, s := range sections {
		if s.VirtualAddress%l.sectionAlignment != 0 || s.Offset%l.fileAlignment != 0 || s.Size%l.fileAlignment != 0 {
			t.Errorf("%s is not aligned: %+v", s.Name, s.SectionHeader)
		}
		if s.VirtualAddress < inMem || s.Offset < inFile {
			t.Errorf("%s lies over what is before it: %+v", s.Name, s.SectionHeader)
		}
		inMem, inFile = s.VirtualAddress+s.VirtualSize, s.Offset+s.Size
	}
	last := slices.MaxFunc(sections, func(a, b *pe.Section) int { return cmp.Compare(a.VirtualAddress, b.VirtualAddress) })
	if end := last.VirtualAddress + last.VirtualSize; end > l.end {
		t.Errorf("the image ends at %d, and its last section at %d", l.end, end)
	}
	if int64(inFile) > size {
		t.Errorf("the sections end at %d, and the file at %d", inFile, size)
	}
}

func TestReplaceRefuses(t *testing.T) {
	t.Parallel()
	whole := guesttest.UnifiedImageOf(t, parts...)
	const optional = 64 + 4 + fileHeaderSize
	signed := []byte(whole)
	binary.LittleEndian.PutUint32(signed[optional+112+8*signature+4:], 100)
	relocated := []byte(whole)
	binary.LittleEndian.PutUint32(relocated[optional+112+8*5:], 0x10000)
	binary.LittleEndian.PutUint32(relocated[optional+112+8*5+4:], 100)
	unaligned := []byte(whole)
	binary.LittleEndian.PutUint32(unaligned[optional+36:], 500)
	huge := []byte(whole)
	binary.LittleEndian.PutUint32(huge[optional+36:], 1<<31)
	over := []byte(whole)
	table := optional + 240
	binary.LittleEndian.PutUint32(over[table+2*sectionHeaderSize+20:], 4096) // .cmdline, over .text
	tests := map[string]struct{ image, want string }{
		"signed":          {string(signed), "signed"},
		"relocations":     {string(relocated), "a part of its program"},
		"unaligned":       {string(unaligned), "not aligned"},
		"over each other": {string(over), "over each other"},
		"profiles":        {guesttest.UnifiedImageOf(t, append(slices.Clone(parts), guesttest.Section{Name: profile, Content: "ID=a"})...), "profiles"},
		"two":             {guesttest.UnifiedImageOf(t, append(slices.Clone(parts), parts[1])...), "several sections .cmdline"},
		"none":            {guesttest.UnifiedImageOf(t, parts[2]), "no section .cmdline"},
		"program behind":  {guesttest.UnifiedImageOf(t, parts[1], guesttest.Section{Name: ".more", Content: "x", Executable: true}), "a part of its program"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			err := open(t, tt.image).Replace(&b, Cmdline, strings.NewReader(strings.Repeat("x", 5000)), 5000)
			if !errors.Is(err, ErrSealed) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want one that says %q", err, tt.want)
			}
			if b.Len() > 0 {
				t.Errorf("%d bytes were written", b.Len())
			}
		})
	}
	if err := open(t, string(huge)).Changeable(Cmdline, 600); !errors.Is(err, ErrSealed) {
		t.Errorf("of huge units: error = %v", err)
	}
	image := open(t, whole)
	if err := image.Changeable(Cmdline, 1); err != nil {
		t.Errorf("a plain image cannot be changed: %v", err)
	}
	if err := image.Replace(io.Discard, Cmdline, strings.NewReader("short"), 6); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("of content that is too short: error = %v", err)
	}
}
