package boot

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"strings"
	"testing"
)

func TestDecodePicture(t *testing.T) {
	t.Parallel()
	picture, err := decodePicture([]byte("P6\n2 1\n255\n\x01\x02\x03\x0a\x20\x0d"))
	if err != nil {
		t.Fatal(err)
	}
	if got := picture.RGBAAt(1, 0); got != (color.RGBA{R: 0x0a, G: 0x20, B: 0x0d, A: 255}) {
		t.Errorf("the second pixel is %v", got)
	}
	file, err := Screen{Picture: picture}.PNG()
	if err != nil {
		t.Fatal(err)
	}
	if back, err := png.Decode(bytes.NewReader(file)); err != nil || back.Bounds() != image.Rect(0, 0, 2, 1) {
		t.Errorf("the file holds %v, %v", back, err)
	}
	for _, content := range []string{"", "P5\n2 1\n255\n123456", "P6\n2 1\n255\n12345", "P6\n-2 -1\n255\n123456", "P6\n99999999 1\n255\n1", "P6\n2 1\n65535\n123456"} {
		if _, err := decodePicture([]byte(content)); err == nil {
			t.Errorf("%q: no error", content)
		}
	}
}

func TestScreenIsBlank(t *testing.T) {
	t.Parallel()
	black := image.NewRGBA(image.Rect(0, 0, 720, 400))
	if !(Screen{}).blank() || !(Screen{Picture: black}).blank() {
		t.Error("an empty screen is not blank")
	}
	black.SetRGBA(719, 399, color.RGBA{R: 170, A: 255})
	if !(Screen{Picture: black}).blank() {
		t.Error("a text of a cursor alone is not blank")
	}
	if (Screen{Picture: black, Text: "a"}).blank() {
		t.Error("a screen with something on it is blank")
	}
	graphics := image.NewRGBA(image.Rect(0, 0, 800, 600))
	graphics.SetRGBA(799, 599, color.RGBA{R: 170, A: 255})
	if (Screen{Picture: graphics}).blank() {
		t.Error("a picture that cannot be read is blank")
	}
}

// TestDecodeText is of a screen that a kernel has scrolled: it begins far behind
// the memory's start and goes on there after its end.
func TestDecodeText(t *testing.T) {
	t.Parallel()
	memory := make([]byte, textMemorySize)
	start := textMemorySize/2 - 10*textColumns
	for row := range textRows {
		for i, c := range fmt.Sprintf("line %d", row) {
			memory[(2*(start+row*textColumns+i))%textMemorySize] = byte(c)
		}
	}
	lines := strings.Split(decodeText(memory, start, start+textRows*textColumns), "\n")
	if len(lines) != textRows || lines[0] != "line 0" || lines[24] != "line 24" {
		t.Errorf("read %q", lines)
	}
	if got := decodeText(memory[:100], 0, textRows*textColumns); strings.TrimSpace(got) != "" && !strings.HasPrefix(got, "line") {
		t.Errorf("of too little memory: %q", got)
	}
}

// TestScreenHides: a secret that the guest shows is in no picture, in text mode as in
// graphics, where it can be what cannot be read.
func TestScreenHides(t *testing.T) {
	t.Parallel()
	cell := image.Pt(9, 16)
	white := func() *image.RGBA {
		picture := image.NewRGBA(image.Rect(0, 0, 9*textColumns, textHeight))
		draw.Draw(picture, picture.Bounds(), image.White, image.Point{}, draw.Src)
		return picture
	}
	for name, test := range map[string]struct {
		text, want string
		hidden     []image.Point // characters
		seen       []image.Point
	}{
		"shown":                  {"web01 login: hunter2\nPassword:", "web01 login: *******\nPassword:", []image.Point{{13, 0}, {19, 0}}, []image.Point{{12, 0}, {20, 0}, {13, 1}}},
		"over the end of a line": {strings.Repeat(".", 77) + "hun\nter2", strings.Repeat(".", 77) + "***\n****", []image.Point{{77, 0}, {79, 0}, {0, 1}, {3, 1}}, []image.Point{{76, 0}, {4, 1}}},
		"perhaps":                {"login: h????r2?", "login: *******?", []image.Point{{7, 0}, {13, 0}}, []image.Point{{6, 0}}},
		"not shown":              {"web01 login:", "web01 login:", nil, []image.Point{{0, 0}}},
	} {
		before := white()
		s := Screen{Picture: before, Text: test.text, grid: grid{cell: cell}}
		s.hide([]string{"hunter2", ""})
		if strings.TrimRight(s.Text, "\n") != test.want {
			t.Errorf("%s: the text is %q", name, s.Text)
		}
		at := func(p image.Point) color.RGBA { return s.Picture.RGBAAt(p.X*cell.X+4, p.Y*cell.Y+8) }
		for _, p := range test.hidden {
			if at(p) != (color.RGBA{A: 255}) {
				t.Errorf("%s: %v is to be seen", name, p)
			}
		}
		for _, p := range test.seen {
			if at(p) != (color.RGBA{255, 255, 255, 255}) {
				t.Errorf("%s: %v is hidden", name, p)
			}
		}
		if !bytes.Equal(before.Pix, white().Pix) {
			t.Errorf("%s: the picture that others have is changed", name)
		}
	}
}

// TestScreenTells: why a guest has failed can have left the screen, and can fill more
// than a line of it.
func TestScreenTells(t *testing.T) {
	t.Parallel()
	long := "[    1.514549] Kernel panic - not syncing: VFS: Unable to mount root fs on unkno"
	s := Screen{
		Picture: image.NewRGBA(image.Rect(0, 0, 720, textHeight)), grid: grid{cell: image.Pt(9, 16)},
		above: "[FAILED] Failed to mount srv.mount - /srv.", Text: long + "\nwn-block(0,0)\nend",
	}
	const want = "[FAILED] Failed to mount srv.mount - /srv.\n[    1.514549] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\nend"
	if got := s.told(); got != want {
		t.Errorf("it tells %q", got)
	}
	if got := (Screen{}).told(); got != "" {
		t.Errorf("nothing tells %q", got)
	}
}

// TestScreenStateOverLines: the question is of a real guest, behind what its
// initramfs says.
func TestScreenStateOverLines(t *testing.T) {
	t.Parallel()
	s := Screen{Picture: image.NewRGBA(image.Rect(0, 0, 720, textHeight)), grid: grid{cell: image.Pt(9, 16)}}
	for text, want := range map[string]State{
		"Begin: Mounting root file system ... Begin: Running /scripts/local-top ... Pleas\ne unlock disk sda5_crypt:": StatePassphrase,
		strings.Repeat(".", textColumns) + "\nweb01 login:":                                                           StateLogin,
		"Please\ne unlock disk sda5_crypt:":                                                                           StateNothing,
	} {
		s.Text = text
		if got := s.state(); got != want {
			t.Errorf("%q: state %q, want %q", text, got, want)
		}
	}
}

// TestDecodeTextAbove is of a screen that has scrolled by three lines.
func TestDecodeTextAbove(t *testing.T) {
	t.Parallel()
	memory := make([]byte, textMemorySize)
	for row := range textRows + 3 {
		memory[2*row*textColumns] = byte('A' + row)
	}
	if got := decodeText(memory, 0, 3*textColumns); got != "A\nB\nC" {
		t.Errorf("above it stands %q", got)
	}
}
