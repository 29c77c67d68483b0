package boot

import (
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// font is a made-up font: every character has a shape of its own.
type font struct {
	cell   image.Point
	shapes map[rune][]bool
}

func newFont(cell image.Point, seed uint64) font {
	random := rand.New(rand.NewPCG(seed, 1))
	f := font{cell: cell, shapes: map[rune][]bool{}}
	for c := '!'; c <= '~'; c++ {
		shape := make([]bool, cell.X*cell.Y)
		for i := range shape {
			inside := i%cell.X > 0 && i%cell.X < cell.X-1 && i/cell.X > 1 && i/cell.X < cell.Y-2
			shape[i] = inside && random.IntN(3) == 0
		}
		f.shapes[c] = shape
	}
	return f
}

// draw is a screen with the text in its upper left corner, or centred as UEFI
// does where that leaves less than a character.
func (f font) draw(text string, size, corner image.Point, ground, ink color.RGBA) *image.RGBA {
	picture := image.NewRGBA(image.Rectangle{Max: size})
	for i := range size.X * size.Y {
		picture.SetRGBA(i%size.X, i/size.X, ground)
	}
	for row, line := range strings.Split(text, "\n") {
		for column, c := range line {
			for i, on := range f.shapes[c] {
				if on {
					picture.SetRGBA(corner.X+column*f.cell.X+i%f.cell.X, corner.Y+row*f.cell.Y+i/f.cell.X, ink)
				}
			}
		}
	}
	return picture
}

var (
	black = color.RGBA{A: 255}
	grey  = color.RGBA{R: 170, G: 170, B: 170, A: 255}
	red   = color.RGBA{R: 170, A: 255}
)

func TestReadPicture(t *testing.T) {
	t.Parallel()
	vga, large, uefi := newFont(image.Pt(8, 16), 1), newFont(image.Pt(16, 32), 2), newFont(image.Pt(8, 19), 3)
	for name, test := range map[string]struct {
		text   string
		font   font
		size   image.Point
		corner image.Point
		ink    color.RGBA
		state  State
	}{
		"a shell of initramfs-tools": {
			recordedTail(t, "initramfs-tools-shell.txt", 12), vga, image.Pt(1024, 768), image.Point{}, grey, StateInitramfsShell,
		},
		"a panic, in red":       {recordedTail(t, "panic.txt", 30), vga, image.Pt(1280, 800), image.Point{}, red, StatePanic},
		"a panic, in a 4K mode": {"[    2.7] Kernel panic - not syncing: VFS: Unable to mount root fs", large, image.Pt(3840, 2160), image.Point{}, grey, StatePanic},
		"emergency mode": {
			"You are in emergency mode. After logging in, type \"journalctl -xb\" to view\nsystem logs, \"systemctl reboot\" to reboot, \"systemctl default\"\n" +
				"or \"exit\" to boot into default mode.\nGive root password for maintenance\n(or press Control-D to continue):", vga,
			image.Pt(800, 600), image.Point{}, grey, StateEmergency,
		},
		"UEFI's shell": {
			"UEFI Interactive Shell v2.2\nEDK II\nUEFI v2.70 (Debian distribution of EDK II, 0x00010000)\nMapping table\n" +
				"Press ESC in 5 seconds to skip startup.nsh or any other key to continue.\nShell>", uefi, image.Pt(1280, 800), image.Pt(0, 1), grey, StateNoBootDevice,
		},
		"GRUB's prompt": {
			"\n   Minimal BASH-like line editing is supported. For the first word, TAB\n   lists possible command completions.\n\n\ngrub> ", vga,
			image.Pt(1024, 768), image.Point{}, grey, StateGRUB,
		},
		"a passphrase": {
			"  Volume group \"vault-vg\" not found\n  Cannot process volume group vault-vg\nPlease unlock disk sda5_crypt: ", vga, image.Pt(1280, 800), image.Point{}, grey, StatePassphrase,
		},
		"a passphrase, with a cursor":      {"Please unlock disk sda5_crypt: _", vga, image.Pt(1280, 800), image.Point{}, grey, StatePassphrase},
		"a passphrase, asked by systemd":   {"@ Please enter passphrase for disk QEMU_HARDDISK (root): (press TAB for no echo) ", vga, image.Pt(1280, 800), image.Point{}, grey, StatePassphrase},
		"a passphrase that is being typed": {"Please enter passphrase for disk QEMU_HARDDISK (root): ****", vga, image.Pt(1280, 800), image.Point{}, grey, StateNothing},
		"a passphrase, behind other text": {
			"Begin: Mounting root file system ... Begin: Running /scripts/local-top ... Please unlock disk sda5_crypt: ", vga, image.Pt(1280, 800), image.Point{}, grey, StatePassphrase,
		},
		"a passphrase, over the end of a line": {
			"Begin: Running /scripts/init-premount ... done.\nBegin: Mounting root file system ... Begin: Running /scripts/local-top ... Please unlock disk s\nda5_crypt: ",
			vga, image.Pt(760, 600), image.Point{}, grey, StatePassphrase,
		},
		"a login prompt of RHEL": {"Red Hat Enterprise Linux 9.4 (Plow)\nKernel 5.14.0-427.13.1.el9_4.x86_64 on an x86_64\n\ndb01 login: ", vga, image.Pt(1280, 800), image.Point{}, grey, StateLogin},
		"a login prompt":         {"Debian GNU/Linux 12 web01 tty1\n\nweb01 login: ", vga, image.Pt(1280, 800), image.Point{}, grey, StateLogin},
		"a text of other words":  {"Lorem ipsum dolor sit amet, consetetur sadipscing elitr, sed diam nonumy\neirmod tempor invidunt ut labore\n\nabc lorem:", vga, image.Pt(800, 600), image.Point{}, grey, StateNothing},
		"nothing":                {"", vga, image.Pt(800, 600), image.Point{}, grey, StateNothing},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			picture := test.font.draw(test.text, test.size, test.corner, black, test.ink)
			text, at := readPicture(picture)
			if got := (Screen{Picture: picture, Text: text, grid: at}).state(); got != test.state {
				t.Errorf("state %q, want %q; read:\n%s", got, test.state, text)
			}
		})
	}
}

// TestReadRecordedPictures: the pictures are of real guests.
func TestReadRecordedPictures(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]State{"uefi-shell.png": StateNoBootDevice, "initramfs-shell.png": StateInitramfsShell, "uefi-starts-loader.png": StateNothing} {
		content, err := os.Open(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := png.Decode(content)
		if err := errors.Join(err, content.Close()); err != nil {
			t.Fatal(err)
		}
		picture := image.NewRGBA(decoded.Bounds())
		draw.Draw(picture, decoded.Bounds(), decoded, image.Point{}, draw.Src)
		text, _ := readPicture(picture)
		if got := Classify(text); got != want || want == StateNothing && !isSilent(text) {
			t.Errorf("%s: state %q, want %q; read:\n%s", file, got, want, text)
		}
	}
}

// recordedTail are the last lines of a recorded console, as wide as a screen.
func recordedTail(t *testing.T, file string, lines int) string {
	t.Helper()
	var wrapped []string
	for _, line := range LastLines(recorded(t, file), lines) {
		for len(line) > 128 {
			wrapped, line = append(wrapped, line[:128]), line[128:]
		}
		wrapped = append(wrapped, line)
	}
	return strings.Join(wrapped, "\n")
}

// TestReadPictureKeepsItsHead: no text of these words looks like another.
func TestReadPictureKeepsItsHead(t *testing.T) {
	t.Parallel()
	words := strings.Fields("the kernel of this machine has a device that was found on bus pci with driver loaded and link up at speed for users who log in " +
		"[ OK ] Started Reached target service daemon 0.123456] usb 1-1: new high-speed number using xhci_hcd")
	random := rand.New(rand.NewPCG(5, 5))
	vga := newFont(image.Pt(8, 16), 4)
	for range 5 {
		var lines []string
		for range 40 {
			var line []string
			for range 9 {
				line = append(line, words[random.IntN(len(words))])
			}
			lines = append(lines, strings.Join(line, " "))
		}
		picture := vga.draw(strings.Join(lines, "\n"), image.Pt(1024, 768), image.Point{}, black, grey)
		if text, _ := readPicture(picture); text != "" {
			t.Errorf("it read\n%s\nin\n%s", text, strings.Join(lines, "\n"))
		}
	}
}
