package boot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Screen is what the guest shows.
type Screen struct {
	Picture *image.RGBA
	// Text is what can be read of it, a line for each of the screen's, without
	// empty ones at the end. In graphics mode "?" stands for what cannot.
	Text string

	grid grid
	// above is the text that has left the screen, as far as it is kept.
	above string
}

// told is all that the screen has said, each line whole.
func (s Screen) told() string {
	if s.Picture == nil {
		return ""
	}
	return s.unwrap(s.above + "\n" + s.Text)
}

// unwrap joins a line that fills the screen with the next.
func (s Screen) unwrap(text string) string {
	columns := s.grid.columns(s.Picture)
	var whole strings.Builder
	for line := range strings.Lines(text) {
		if end := strings.TrimRight(line, "\n"); len(end) == columns {
			line = end
		}
		whole.WriteString(line)
	}
	return whole.String()
}

// state is what the screen shows, be it over the end of a line.
func (s Screen) state() State {
	state := Classify(s.Text)
	if state == StateNothing && s.Picture != nil {
		state = Classify(s.unwrap(s.Text))
	}
	return state
}

// grid is where on a picture the characters of its text are.
type grid struct{ corner, cell image.Point }

// columns are how many characters a line of the picture has.
func (g grid) columns(picture *image.RGBA) int {
	if g.cell.X == 0 {
		return 0
	}
	return (picture.Bounds().Dx() - g.corner.X) / g.cell.X
}

// hide makes black what on the screen is, or can be, one of the secrets: what
// cannot be read can be anything. It may go on in the next line.
func (s *Screen) hide(secrets []string) {
	if s.Picture == nil {
		return
	}
	columns := s.grid.columns(s.Picture)
	if columns <= 0 {
		return
	}
	var cells []byte
	for line := range strings.Lines(s.Text) {
		row := []byte(strings.TrimRight(line, "\n"))
		cells = append(cells, row[:min(len(row), columns)]...)
		cells = append(cells, bytes.Repeat([]byte{' '}, max(0, columns-len(row)))...)
	}
	hidden := map[int]bool{}
	for _, secret := range secrets {
		for at := range cells {
			if canBe(cells[at:], secret) {
				for n := range len(secret) {
					hidden[at+n] = true
				}
			}
		}
	}
	if len(hidden) == 0 {
		return
	}
	picture := image.NewRGBA(s.Picture.Bounds())
	copy(picture.Pix, s.Picture.Pix)
	for at := range hidden {
		cells[at] = '*'
		corner := s.grid.corner.Add(image.Pt(at%columns*s.grid.cell.X, at/columns*s.grid.cell.Y))
		draw.Draw(picture, image.Rectangle{Min: corner, Max: corner.Add(s.grid.cell)}, image.Black, image.Point{}, draw.Src)
	}
	var lines []string
	for row := range slices.Chunk(cells, columns) {
		lines = append(lines, strings.TrimRight(string(row), " "))
	}
	s.Picture, s.Text = picture, strings.Join(lines, "\n")
}

// canBe says that a text begins with the secret, as far as it can be read.
func canBe(text []byte, secret string) bool {
	if secret == "" || len(text) < len(secret) {
		return false
	}
	for n := range len(secret) {
		if text[n] != secret[n] && text[n] != '?' {
			return false
		}
	}
	return true
}

// PNG is the picture as a file.
func (s Screen) PNG() ([]byte, error) {
	if s.Picture == nil {
		return nil, errors.New("there is no picture of the guest's screen")
	}
	var file bytes.Buffer
	if err := png.Encode(&file, s.Picture); err != nil {
		return nil, fmt.Errorf("encoding the picture of the guest's screen: %w", err)
	}
	return file.Bytes(), nil
}

// blank says that the screen is of one colour, or has nothing but a cursor.
func (s Screen) blank() bool {
	if s.Picture == nil || isTextMode(s.Picture.Bounds()) && s.Text == "" {
		return true
	}
	pixels := s.Picture.Pix
	for at := 4; at < len(pixels); at += 4 {
		if !bytes.Equal(pixels[:4], pixels[at:at+4]) {
			return false
		}
	}
	return true
}

// look takes a picture of the guest's screen, and reads it.
func (r *Running) look(ctx context.Context) (Screen, error) {
	file := filepath.Join(r.folder, "screen.ppm")
	if err := r.monitor.Execute(ctx, "screendump", map[string]string{"filename": file}, nil); err != nil {
		return Screen{}, err
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return Screen{}, fmt.Errorf("reading the picture of the guest's screen: %w", err)
	}
	var seen Screen
	if seen.Picture, err = decodePicture(content); err != nil {
		return Screen{}, err
	}
	switch {
	case isTextMode(seen.Picture.Bounds()):
		seen.grid.cell = image.Pt(seen.Picture.Bounds().Dx()/textColumns, textHeight/textRows)
		seen.above, seen.Text, err = r.readText(ctx)
	case r.shown.Picture != nil && bytes.Equal(r.shown.Picture.Pix, seen.Picture.Pix):
		seen.Text, seen.grid = r.shown.Text, r.shown.grid
	default:
		seen.Text, seen.grid = readPicture(seen.Picture)
	}
	r.shown = seen
	return seen, err
}

// maxPicture is the largest side of a picture, in pixels.
const maxPicture = 8192

// decodePicture reads a picture in the form in which every QEMU writes it, the
// binary one of the portable pixmap.
func decodePicture(content []byte) (*image.RGBA, error) {
	var width, height, depth int
	reader := bytes.NewReader(content)
	if _, err := fmt.Fscanf(reader, "P6\n%d %d\n%d\n", &width, &height, &depth); err != nil {
		return nil, fmt.Errorf("reading the picture of the guest's screen: %w", err)
	}
	pixels := content[len(content)-reader.Len():]
	if width <= 0 || height <= 0 || width > maxPicture || height > maxPicture || depth != 255 || len(pixels) < 3*width*height {
		return nil, fmt.Errorf("reading the picture of the guest's screen: it says %d by %d pixels of %d and has %d bytes", width, height, depth, len(pixels))
	}
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range width * height {
		p := pixels[3*i:]
		picture.SetRGBA(i%width, i/width, color.RGBA{R: p[0], G: p[1], B: p[2], A: 255})
	}
	return picture, nil
}

// VGA's text mode: characters are nine pixels wide, and eight where nobody asked
// for more.
const (
	textColumns = 80
	textRows    = 25
	textHeight  = 16 * textRows
)

func isTextMode(bounds image.Rectangle) bool {
	return bounds.Dy() == textHeight && (bounds.Dx() == 9*textColumns || bounds.Dx() == 8*textColumns)
}

// Where VGA's text mode is: its memory, and the two registers that hold which
// part of that is on the screen.
const (
	textMemory     = 0xb8000
	textMemorySize = 0x8000
	registerIndex  = 0x3d4
	registerData   = 0x3d5
	startHigh      = 0x0c
	startLow       = 0x0d
)

// readText reads the screen of a machine in VGA's text mode. The machine stands
// still for that moment: it uses the same registers.
func (r *Running) readText(ctx context.Context) (above, text string, err error) {
	if err := r.monitor.Execute(ctx, "stop", nil, nil); err != nil {
		return "", "", err
	}
	defer func() {
		// It must go on, however little time there is.
		cont := r.monitor.Execute(context.WithoutCancel(ctx), "cont", nil, nil)
		err = errors.Join(err, cont)
	}()
	index, err := r.readPort(ctx, registerIndex)
	if err != nil {
		return "", "", err
	}
	start := 0
	for _, register := range []int{startHigh, startLow, index} {
		if _, err := r.monitor.human(ctx, fmt.Sprintf("o /b %#x %#x", registerIndex, register)); err != nil {
			return "", "", err
		}
		if register == index {
			break // the guest finds it as it was
		}
		value, err := r.readPort(ctx, registerData)
		if err != nil {
			return "", "", err
		}
		start = start<<8 | value
	}
	file := filepath.Join(r.folder, "screen.text")
	arguments := map[string]any{"val": textMemory, "size": textMemorySize, "filename": file}
	if err := r.monitor.Execute(ctx, "pmemsave", arguments, nil); err != nil {
		return "", "", err
	}
	memory, err := os.ReadFile(file)
	if err != nil {
		return "", "", fmt.Errorf("reading the text of the guest's screen: %w", err)
	}
	return decodeText(memory, 0, start), decodeText(memory, start, start+textRows*textColumns), nil
}

func (r *Running) readPort(ctx context.Context, port int) (int, error) {
	said, err := r.monitor.human(ctx, fmt.Sprintf("i /b %#x", port))
	if err != nil {
		return 0, err
	}
	var at, value int
	if _, err := fmt.Sscanf(strings.TrimSpace(said), "portb[%v] = %v", &at, &value); err != nil {
		return 0, fmt.Errorf("reading port %#x of the guest: QEMU says %q", port, said)
	}
	return value, nil
}

// decodeText returns the text from one character of the memory to another; each has
// a byte for its colours behind it. Kernels let a screen scroll by moving where it
// begins, so what has left it is in front of that for a while.
func decodeText(memory []byte, from, to int) string {
	var lines []string
	for start := from; start+textColumns <= to; start += textColumns {
		var line strings.Builder
		for column := range textColumns {
			at := 2 * (start + column) % textMemorySize
			c := byte(' ')
			if at < len(memory) && memory[at] > ' ' && memory[at] < 0x7f {
				c = memory[at]
			}
			line.WriteByte(c)
		}
		lines = append(lines, strings.TrimRight(line.String(), " "))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}
